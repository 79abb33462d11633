"""Hosts whose links lead elsewhere without saying where. Not a rule itself.

Services that shorten anybody's links; those of one newspaper or shop for its own pages are not
among them, since they say whose they are.
"""

SHORTENERS = frozenset((
    "1url.com", "2.gp", "2u.pw", "4sq.com", "7.ly", "adf.ly", "adfoc.us", "ay.gy", "bc.vc",
    "bit.do", "bit.ly", "bitly.com", "budurl.com", "buff.ly", "buly.kr", "clck.ru", "cli.gs",
    "clicky.me", "cutt.ly", "cutt.us", "dlvr.it", "fb.me", "frama.link", "fur.ly", "gee.su",
    "gg.gg", "goo.gl", "han.gl", "href.li", "hubs.ly", "huit.re", "hyperurl.co", "ift.tt",
    "is.gd", "j.gs", "kutt.it", "l.ead.me", "lc.cx", "link.gl", "lnk.pm", "lnk.to",
    "lnnkin.com", "lstu.fr", "mcaf.ee", "me2.kr", "migre.me", "moourl.com", "n9.cl", "ouo.io",
    "ouo.press", "ow.ly", "owl.li", "po.st", "ppt.cc", "pse.is", "psty.io", "q.gs", "qr.ae",
    "qr.net", "qrco.de", "rb.gy", "rebrand.ly", "reurl.cc", "risu.io", "s.coop", "s.id",
    "short.cm", "short.gy", "short.io", "shorte.st", "shorturl.asia", "shorturl.at",
    "smarturl.it", "snip.ly", "snipurl.com", "snurl.com", "soo.gd", "su.pr", "t.co", "t.ly",
    "t2m.io", "tinu.be", "tiny.cc", "tiny.one", "tiny.pl", "tinyurl.com", "tny.im", "tr.im",
    "trib.al", "twurl.nl", "u.to", "ulvis.net", "ur1.ca", "url.fr", "url.ie", "urlr.me",
    "urls.fr", "urlz.fr", "urlzs.com", "utm.to", "v.gd", "vk.cc", "waa.ai", "wp.me", "x.co",
    "x.gd", "xrl.us", "yep.it", "yourls.org", "zpr.io", "zws.im",
))  # fmt: skip
