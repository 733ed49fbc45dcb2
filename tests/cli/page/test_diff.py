"""The diff of an experiment, as its part of the page shows it."""

from __future__ import annotations

from gitexp.cli.page.details import diff_lines

PATCH = """\
diff --git a/config.sql b/config.sql
index 64718b3..cece8b8 100644
--- a/config.sql
+++ b/config.sql
@@ -8,3 +8,3 @@ <b>
 context
--- a comment of SQL
+++ counted up
\\ No newline at end of file
diff --git a/new.bin b/new.bin
new file mode 100644
index 0000000..cece8b8
Binary files /dev/null and b/new.bin differ
"""


def test_a_diff_keeps_what_only_looks_like_its_head() -> None:
    assert [*diff_lines(PATCH)] == [
        "+++ b/config.sql",
        "@@ -8,3 +8,3 @@ <b>",
        " context",
        "<del>--- a comment of SQL</del>",
        "<ins>+++ counted up</ins>",
        "\\ No newline at end of file",
        "new file mode 100644",
        "Binary files /dev/null and b/new.bin differ",
    ]
    assert [*diff_lines("")] == [""]
