"""Migrations tried on the scratch database: taken back there, and what became of the rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from windlass.commands.scratch import PSQL, STAND
from windlass.shell import Command, all_of, cmd, quote

_TELL = """\
FNR == 1 { file++ }
{ table = substr($0, index($0, " ") + 1); tables[table]; rows[file, table] = $1; total[file] += $1 }
END {
    for (table in tables) {
        before = said(1, table); after = said(2, table); back = said(3, table)
        if (before != after || before != back)
            print table ": " before " before, " after " after the migrations, " back " after they were taken back"
    }
    print "all tables: " total[1] " rows before, " total[2] " after the migrations, " \\
        total[3] " after they were taken back"
}
function said(file, table) { return (file, table) in rows ? rows[file, table] : "none" }"""


def take_back(
    folder: PurePosixPath, pending: Iterable[str], recorded: PurePosixPath, record: Command
) -> Command:
    """Run the down SQL in the scratch database, in one transaction: down.sql beside every migration, newest first.

    Where one has none, `record` writes into the file `recorded` what leads back, and that is run.
    """
    written = [folder / name / "down.sql" for name in sorted(pending, reverse=True)]
    files = " ".join(f"--file={quote(file)}" for file in written)
    there = " && ".join(f"[ -f {quote(file)} ]" for file in written) or "false"
    choose = Command(
        f"if {there}; then\n"
        f"    set -- {files}\n"
        "else\n"
        f"    (\n{record.text}\n)\n"
        f"    set -- --file={quote(recorded)}\n"
        "fi"
    )
    run = Command(f'PGDATABASE=$scratch {PSQL} --single-transaction "$@"')
    return all_of(choose, Command(STAND), run, cmd("rm", "-f", recorded))


def tell(before: PurePosixPath, after: PurePosixPath, back: PurePosixPath) -> Command:
    """Say which tables have other rows than before, and remove the counts; each file has `rows table` lines."""
    # A file without a line would not be counted by awk.
    marked = " ".join(f"<(echo '0 '; cat {quote(file)})" for file in (before, after, back))
    return all_of(
        Command(f"LC_ALL=C awk {quote(_TELL)} {marked} | LC_ALL=C sort"), cmd("rm", before, after, back)
    )


def guarded(variable: str, migrate: Command) -> Command:
    """Migrate, but only where the URL in `variable` names the scratch database: a tool may read `.env` by itself."""
    check = (
        f"case ${{{variable}:-}} in\n"
        "*_windlass_scratch*) ;;\n"
        f"*) echo '{variable} names no database: nothing can be rehearsed' >&2; exit 1 ;;\n"
        "esac"
    )
    return all_of(Command(check), migrate)
