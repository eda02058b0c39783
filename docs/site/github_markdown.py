"""Pages are written as GitHub reads them; the site's Markdown wants a blank line before a list, and four spaces inside one."""

import re

ITEM = re.compile(r" *(?:[-*]|\d+\.) ")


def for_site(text: str) -> str:
    """The page with its lists as the site's Markdown wants them; blocks of code stay as they are.

    >>> print(for_site("Two things:\\n- one\\n  - of which\\n- two"))
    Two things:
    <BLANKLINE>
    - one
        - of which
    - two
    """
    lines: list[str] = []
    in_code = in_list = False
    for line in text.splitlines():
        in_code ^= line.lstrip().startswith("```")
        item = not in_code and bool(ITEM.match(line))
        if item and not in_list and lines and lines[-1]:
            lines.append("")
        in_list = item or (in_list and (not line or line.startswith(" ")))
        inside = in_list and not in_code and line.startswith(" ")
        lines.append(f"    {line.lstrip()}" if inside else line)
    return "\n".join(lines)
