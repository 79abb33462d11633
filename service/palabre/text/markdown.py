"""The parser behind `markup`: markdown-it with the Markdown subset of contract 3.1, no more. Pure.

What is not of the subset is shown as typed, every character of it. That is why markdown-it's own
rule for links is replaced: an image, or a link that must not be one, stays whole.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, blockquote, fence, list_block
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from palabre.text import urls

# markdown-it leaves out, text and all, what is nested deeper than its maximum. A list takes two
# levels; so a quote or list that would begin this deep is text instead.
_NESTING = 12
_DEEPEST = _NESTING - 2

_TEXT_END = re.compile(rf"[\n<\[\\*_`~]|!\[|{urls.BEGINNING}")
_TAG = re.compile(r"<([A-Za-z/!?][^<>\n]*+)>")
_BRACKET = re.compile(rf"\\.|`+|{_TAG.pattern}|!?\[|\]", re.DOTALL)
_LINK_TAIL = re.compile(
    r"""\( [ \t\n]*+
    (?: < (?P<pointed> [^<>\n]*+ ) >
      | (?P<bare> (?!<) (?: \\. | [^\s()\\] | \( (?: \\. | [^\s()\\] )*+ \) )++ ) )?+
    (?: [ \t\n]++
      (?: "(?: \\. | [^"\\] )*+" | '(?: \\. | [^'\\] )*+' | \((?: \\. | [^()\\] )*+\) ) )?+
    [ \t\n]*+ \)""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

_QUOTE_START = re.compile(r">[> \t]*+[^> \t]")
_LIST_START = re.compile(r"(?:[-+*]|1[.)])[ \t]++\S")
_RULER = re.compile(r"([-*_])(?:[ \t]*+\1){2,}+[ \t]*+")
_FENCE_START = re.compile(r"(?:`{3,}|~{3,})[ \t]*+[\w+#.-]*+[ \t]*+")


def render(text: str) -> str:
    """*text* as HTML, escaped and balanced, but not yet past the net. Raises nothing.

    Its work may grow with the square of the number of delimiters or lines: the caller bounds both.
    """
    rendered: str = _PARSER.render(text, {})
    return rendered


class _Span(NamedTuple):
    """A link or an image in the source. Without *href* it is shown as typed, up to *end*."""

    label_end: int
    end: int
    href: str | None


def _spans(state: StateInline) -> Mapping[int, _Span]:
    """The spans of the paragraph at hand by where they begin, looked for at the first question."""
    if state.src not in state.env:
        state.env[state.src] = _paired(state.src)
    spans: Mapping[int, _Span] = state.env[state.src]
    return spans


def _paired(source: str) -> dict[int, _Span]:
    """Links and images of *source*, as CommonMark finds them ("Phase 2: inline structure").

    Escapes, code and tags bind tighter than brackets, and links hold no links.
    """
    code_ends: dict[int, list[int]] = {}
    for run in re.finditer("`+", source):
        code_ends.setdefault(len(run[0]), []).append(run.end())
    spans: dict[int, _Span] = {}
    openers: list[int] = []
    barred = 0  # So many openers have a link between them and what follows.
    at = 0
    while match := _BRACKET.search(source, at):
        mark, at = match[0], match.end()
        if mark.startswith("`"):
            ends = code_ends.get(len(mark), [])
            closing = bisect_left(ends, at + 1)
            at = ends[closing] if closing < len(ends) else at
        elif mark in ("[", "!["):
            openers.append(match.start())
        elif mark == "]" and openers:
            start = openers.pop()
            is_barred = len(openers) < barred and source[start] == "["
            barred = min(barred, len(openers))
            span = None if is_barred else _span(source, start, match.start())
            if span is not None:
                spans[start], at = span, span.end
                barred = len(openers) if span.href else barred
    return spans


def _span(source: str, start: int, label_end: int) -> _Span | None:
    tail = _LINK_TAIL.match(source, label_end + 1)
    if tail is None:
        return None
    url = _ESCAPED.sub(r"\1", tail["pointed"] or tail["bare"] or "")
    # A link without a label could not be seen.
    is_link = source[start] == "[" and bool(source[start + 1 : label_end].strip())
    return _Span(label_end, tail.end(), urls.href(url) if is_link else None)


# The parser's rules: True when they have read what is at `state.pos` and moved it on.


def _text(state: StateInline, _silent: bool) -> bool:
    """Text up to what another rule may want."""
    found = _TEXT_END.search(state.src, state.pos, state.posMax)
    end = found.start() if found else state.posMax
    if end == state.pos:
        return False
    state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def _bare_url(state: StateInline, _silent: bool) -> bool:
    if state.src[state.pos] not in "hH":
        return False
    # In `http://a.example/![b](…)` the URL ends where the image begins, which is shown as typed.
    following = min((start for start in _spans(state) if start > state.pos), default=state.posMax)
    url = urls.at(state.src, state.pos, min(following, state.posMax))
    _link(state, url, as_typed=url)
    state.pos += len(url)
    return url != ""


def _angle(state: StateInline, _silent: bool) -> bool:
    """`<http://…>` is a link; a tag or anything else in angle brackets is shown as typed."""
    match = _TAG.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    _link(state, match[1], as_typed=match[0])
    state.pos = match.end()
    return True


def _link(state: StateInline, url: str, *, as_typed: str) -> None:
    """Writes *url* as a link, or else *as_typed*: within a link, or when it must not be one."""
    href = None if state.linkLevel else urls.href(url)
    if href is None:
        state.pending += as_typed
        return
    state.push("link_open", "a", 1).attrs = {"href": href, "rel": urls.REL}
    state.pending += url
    state.push("link_close", "a", -1)


def _bracket(state: StateInline, _silent: bool) -> bool:
    """`[label](url)`; an image, or a link that must not be one, is shown as typed."""
    span = _spans(state).get(state.pos) if state.src[state.pos] in "![" else None
    if span is None:
        return False
    if span.href is None:
        for number, line in enumerate(state.src[state.pos : span.end].split("\n")):
            if number:
                state.push("softbreak", "br", 0)
            state.pending += line
    else:
        outer_end = state.posMax
        state.push("link_open", "a", 1).attrs = {"href": span.href, "rel": urls.REL}
        state.pos, state.posMax = state.pos + 1, span.label_end
        state.linkLevel += 1
        state.md.inline.tokenize(state)
        state.linkLevel -= 1
        state.push("link_close", "a", -1)
        state.posMax = outer_end
    state.pos = span.end
    return True


def _line(state: StateBlock, line: int) -> tuple[str, int, int]:
    """Where *line* stands in the source, without its indentation and the marks around it."""
    return state.src, state.bMarks[line] + state.tShift[line], state.eMarks[line]


def _quote(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """A quote, if there is something in it: a lone `>` would vanish."""
    if state.level >= _DEEPEST or not _QUOTE_START.match(*_line(state, line)):
        return False
    return blockquote(state, line, end_line, silent)


def _list(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """A list, if there is something in it, and if numbered, from 1.

    Without `start`, which the contract has not, "1998. Une belle année" would become year 1.
    """
    # Asked whether it ends a paragraph, a line may be the next item of the list around that.
    is_next_item = silent and state.sCount[line] < state.blkIndent
    if not is_next_item and (
        state.level >= _DEEPEST
        or not _LIST_START.match(*_line(state, line))
        or _RULER.fullmatch(*_line(state, line))
    ):
        return False
    return list_block(state, line, end_line, silent)


def _ruler(state: StateBlock, line: int, _end_line: int, silent: bool) -> bool:
    """`* * *` and its kin end a list or a quote, and are shown as typed."""
    return silent and _RULER.fullmatch(*_line(state, line)) is not None


def _fence(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """A code block, if lines follow and the fence has at most a language beside it, not text."""
    if line + 1 >= end_line or not _FENCE_START.fullmatch(*_line(state, line)):
        return False
    return fence(state, line, end_line, silent)


class _Renderer(RendererHTML):
    """Writes `del` for markdown-it's `s`, and code blocks without a class."""

    def s_open(self, _t: Sequence[Token], _i: int, _o: OptionsDict, _env: EnvType) -> str:
        return "<del>"

    def s_close(self, _t: Sequence[Token], _i: int, _o: OptionsDict, _env: EnvType) -> str:
        return "</del>"

    def fence(self, tokens: Sequence[Token], idx: int, _o: OptionsDict, _env: EnvType) -> str:
        return f"<pre><code>{html.escape(tokens[idx].content, quote=False)}</code></pre>\n"


def _parser() -> MarkdownIt:
    options = {"maxNesting": _NESTING, "breaks": True, "html": False}
    parser = MarkdownIt("zero", options, renderer_cls=_Renderer)
    block, inline, pairs = parser.block.ruler, parser.inline.ruler, parser.inline.ruler2
    # `alt`: what such a line ends, besides its own kind.
    block.at("fence", _fence, {"alt": ["paragraph", "blockquote", "list"]})
    block.at("blockquote", _quote, {"alt": ["paragraph", "blockquote", "list"]})
    block.at("hr", _ruler, {"alt": ["blockquote", "list"]})
    block.at("list", _list, {"alt": ["paragraph", "blockquote"]})
    block.enableOnly(["fence", "blockquote", "hr", "list", "paragraph"])
    inline.at("text", _text)
    inline.at("linkify", _bare_url)
    inline.at("link", _bracket)
    inline.at("autolink", _angle)
    marks = ("escape", "backticks", "strikethrough", "emphasis")
    inline.enableOnly(["text", "linkify", "newline", *marks, "link", "autolink"])
    pairs.enable(["strikethrough", "emphasis"])
    # The rulers compile themselves at first use, where two threads would get in each other's way.
    parser.render("a")
    return parser


_PARSER = _parser()
