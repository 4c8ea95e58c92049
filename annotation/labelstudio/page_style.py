"""The style of the labelling page: the layout of its parts, and the labels offered for an arc.

Label Studio has no settings for these, but its `Style` tag applies to the whole page. Characters
that HTML escapes (`<`, `>` and `&`) cannot be used in this tag, so there are no child combinators.

- The list of relations shows the newest arc first. A click on an arc shows the box of its labels to
  the right of its ends, and a click on this box opens the list of labels.
- For the newest arc, only labels that the schema allows between its ends are offered. The page
  shows the label of each end in the label's colour, which is how the style recognises it. Only the
  newest arc can be filtered, because CSS cannot relate the ends of other arcs to the open list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aloi.corpus.schema import RelationType, Schema

_LAYOUT = """
.lsf-main-view__annotation { padding: 2px 14px 8px }
.lsf-richtext__container { line-height: 2.8; padding: 1em 3em 0 }
.aloi-head, .aloi-foot { position: sticky; z-index: 200; display: flex; gap: 2px 8px;
  background: var(--color-neutral-background) }
.aloi-head { top: 0; padding: 2px 0; justify-content: space-between }
.aloi-head .lsf-labels { gap: 3px; margin: 0; padding: 0 }
.aloi-head .lsf-label { margin: 0; padding: 0 6px; font-size: 13px; line-height: 26px;
  height: 26px }
.aloi-guide { position: relative; flex: none }
.aloi-guide .ant-collapse-header.ant-collapse-header { padding: 2px 8px }
.aloi-guide .ant-collapse-borderless .ant-collapse-item .ant-collapse-content {
  position: absolute; right: 0; top: 100%; width: 36em; max-height: 50vh; overflow: auto;
  background: var(--color-neutral-background); border: 1px solid var(--color-neutral-border);
  box-shadow: 0 4px 12px #0004 }
.aloi-foot { bottom: -8px; flex-wrap: wrap; align-items: center; padding: 3px 0;
  border-top: 1px solid var(--color-neutral-border);
  box-shadow: 0 3em var(--color-neutral-background) }
.aloi-foot .lsf-text-area.lsf-text-area { flex: 1 1 9em; margin: 0 }
.aloi-foot .lsf-text-area .ant-form-item.ant-form-item { margin: 0 }
.aloi-foot [data-testid=textarea-regions][style] { margin: 0 !important }
.aloi-foot .lsf-text-area.lsf-text-area[style] { margin-top: 0 !important }
.aloi-foot input, .aloi-foot [data-testid=htx-textbox-content] { height: 34px; min-height: 0;
  padding: 5px 8px }
.aloi-foot .lsf-row, .aloi-foot .taxonomy { margin: 0 }
.aloi-attribute { display: flex; align-items: center; gap: 6px }
.aloi-attribute .lsf-choices { margin: 0 }
.aloi-attribute :not(sup) { font-size: 14px; white-space: nowrap }
.aloi-question { flex: 2 1 12em; min-width: 0 }
.aloi-question .lsf-text-area { display: flex; gap: 8px }
.aloi-question form, .aloi-question [data-testid=textarea-regions] { flex: 1; min-width: 0 }
.aloi-foot [data-testid=htx-textbox-content] { overflow: hidden; white-space: nowrap }
.lsf-relations { display: flex; flex-direction: column-reverse }
.lsf-relations__item { position: relative }
.lsf-relations__item [aria-label="Show Relation Labels"] { position: absolute; inset: 0 56px 0 36px;
  width: auto; height: auto; opacity: 0 }
.lsf-relations__item [aria-label="Hide Relation Labels"] { display: none }
.lsf-relation-meta { position: absolute; inset: 2px 76px 2px 140px; padding: 0; margin: 0 }
.lsf-relation-meta button { height: 100%; padding: 0 6px; font-size: 12px }
body:has(.lsf-relation-meta [aria-expanded=true]) [cmdk-list] { max-height: 70vh }
body:has(.lsf-relation-meta [aria-expanded=true]) [role=option] { padding: 0 }
"""

_NEWEST_ARC = ".lsf-relations__item:last-child"
_OPEN_ARC = (
    f"body:has({_NEWEST_ARC} [aria-expanded=true]):has({_NEWEST_ARC} [data-direction=right])"
)


def page_style(schema: Schema, colours: Mapping[str, str]) -> str:
    """Return the style of the labelling page; `colours` contains each entity label's colour."""
    return "\n".join([_LAYOUT.strip(), *_arc_label_rules(schema, colours)])


def _arc_label_rules(schema: Schema, colours: Mapping[str, str]) -> Iterator[str]:
    """Yield a rule for each relation that hides its label if an end of the newest arc is wrong.

    A label that is already chosen remains visible, so that it can be removed.
    """
    for number, type_ in enumerate(schema.relations.values(), start=1):
        label = f"[role=option]:nth-child({number}):not(:has([aria-checked=true]))"
        for end, allowed in enumerate(_allowed_ends(type_), start=1):
            wrong = [colours[name] for name in schema.entities if name not in allowed]
            if wrong:
                shown = f"{_NEWEST_ARC} .lsf-detailed-region:nth-child({end}) {_any_of(wrong)}"
                yield f"{_OPEN_ARC}:has({shown}) {label} {{ display: none }}"


def _allowed_ends(type_: RelationType) -> tuple[frozenset[str], frozenset[str]]:
    """Return the entity labels allowed where an arc begins and where it ends."""
    head, tail = frozenset(type_.head), frozenset(type_.tail)
    return (head | tail, head | tail) if type_.symmetric else (head, tail)


def _any_of(colours: Iterable[str]) -> str:
    """Return a selector of elements in one of the colours, as browsers write them in a style."""
    shown = (f'[style*="{_rgb(colour)}"]' for colour in colours)
    return f":is({', '.join(shown)})"


def _rgb(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"
