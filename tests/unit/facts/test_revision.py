"""What a revision holds, asked of a real git."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.facts.workspace import Workspace
from windlass.errors import UsageError
from windlass.facts import Answer
from windlass.facts.revision import Revision, candidates, parse, question


class Server(Workspace):
    def find(self, ref: str) -> Revision | None:
        self.fetch()
        found: Revision | None = self.ask(question(self.config, ref))
        return found

    def main(self) -> Revision:
        found = self.find("main")
        assert found is not None
        return found


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_commit_is_found_by_branch_tag_and_hash(server: Server) -> None:
    first = server.origin.commit({"a": "1"}, "Größer werden")
    server.origin.git("tag", "--annotate", "--message", "one", "v1.0")
    server.origin.git("checkout", "--quiet", "-b", "feature/x")
    second = server.origin.commit({"a": "2"})
    for ref, revision in {
        "v1.0": first,
        "main": first,
        "origin/main": first,
        first: first,
        first[:7]: first,
        first[:9].upper(): first,
        "feature/x": second,
        "refs/heads/main": first,
        "refs/tags/v1.0": first,
    }.items():
        found = server.find(ref)
        assert (found.hash if found else None) == revision, ref
    found = server.find("v1.0")
    assert found is not None
    assert (found.subject, found.short) == ("Größer werden", first[:7])
    assert found.committed == int(server.origin.git("log", "-1", "--format=%ct", first))


def test_a_branch_of_origin_is_meant_and_not_one_of_the_same_name_in_the_workspace(server: Server) -> None:
    old = server.origin.commit({"a": "1"})
    server.main()  # the clone has a branch main of its own now
    new = server.origin.commit({"a": "2"})
    assert server.main().hash == new != old
    found = server.find("refs/heads/main")
    assert found is not None
    assert found.hash == new


def test_a_branch_wins_over_a_tag(server: Server) -> None:
    first = server.origin.commit({"a": "1"})
    server.origin.git("tag", "same")
    server.origin.git("branch", "deadbee")
    second = server.origin.commit({"a": "2"})
    server.origin.git("branch", "same")
    found, by_hex = server.find("same"), server.find("deadbee")
    assert found is not None
    assert by_hex is not None  # what looks like a hash and is none may be a branch, as 20260131 is
    assert (found.hash, by_hex.hash) == (second, first)


@pytest.mark.parametrize("kind", ["branch", "tag"])
@pytest.mark.parametrize("hashes", ["sha1", "sha256"])
def test_who_pushes_a_ref_named_as_a_hash_does_not_choose_what_the_hash_means(
    tmp_path: Path, kind: str, hashes: str
) -> None:
    server = Server(tmp_path)
    shutil.rmtree(server.origin.folder / ".git")
    server.origin.git("init", "--quiet", "--initial-branch=main", f"--object-format={hashes}")
    reviewed = server.origin.commit({"a": "reviewed"})
    evil = server.origin.commit({"a": "evil"})
    for digits in {7, 12, 40, len(reviewed)}:
        ref = f"refs/{'heads' if kind == 'branch' else 'tags'}/{reviewed[:digits]}"
        server.origin.git("update-ref", ref, evil)
    server.origin.git(
        "symbolic-ref", "HEAD", f"refs/heads/{reviewed[:7]}" if kind == "branch" else "refs/heads/main"
    )
    for whole in (reviewed, reviewed.upper(), reviewed[:40]):
        found = server.find(whole)
        assert found is not None
        assert found.hash == reviewed
    for digits in (7, 12):
        with pytest.raises(UsageError) as refused:
            server.find(reviewed[:digits])
        assert f"/{reviewed[:digits]} ({evil}) or commit {reviewed}" in refused.value.message
    found = server.find(f"refs/{'heads' if kind == 'branch' else 'tags'}/{reviewed[:7]}")
    assert found is not None
    assert found.hash == evil


@pytest.mark.parametrize("digits", [40, 64])
def test_a_whole_hash_that_is_no_commit_is_not_looked_for_among_the_refs(server: Server, digits: int) -> None:
    server.origin.commit({"a": "1"})
    for name in ("heads", "tags"):
        server.origin.git("update-ref", f"refs/{name}/{'ab' * (digits // 2)}", "HEAD")
    assert server.find("ab" * (digits // 2)) is None


def test_a_branch_named_as_its_own_commit_is_that(server: Server) -> None:
    first = server.origin.commit({"a": "1"})
    server.origin.git("branch", first[:7])
    found = server.find(first[:7])
    assert found is not None
    assert found.hash == first


def test_a_commit_is_found_by_the_hash_of_its_tag(server: Server) -> None:
    first = server.origin.commit({"a": "1"})
    server.origin.git("tag", "--annotate", "--message", "one", "v1")
    found = server.find(server.origin.git("rev-parse", "v1"))
    assert found is not None
    assert found.hash == first


@pytest.mark.parametrize(
    "ref",
    [
        "nowhere",
        "--upload-pack=touch x",
        "--all",
        "-h",
        "; touch x",
        "$(touch x)",
        "main:a",
        "@{-1}",
        "0" * 40,
        "a" * 7,
        "refs/remotes/origin/nowhere",
        "",
        "it's",
    ],
)
def test_what_is_no_commit_is_none_and_does_nothing(server: Server, ref: str) -> None:
    server.origin.commit({"a": "1"})
    server.origin.commit({"a": "2"})
    assert server.find(ref) is None
    assert list(server.folder.rglob("x")) == []


def test_a_hash_of_something_else_than_a_commit_is_none(server: Server) -> None:
    server.origin.commit({"a": "1"})
    assert server.find(server.origin.git("rev-parse", "HEAD:a")) is None
    assert server.find(server.origin.git("rev-parse", "HEAD^{tree}")) is None


def test_a_name_is_looked_for_at_origin_first() -> None:
    assert candidates("v1")[:2] == ["refs/remotes/origin/v1", "refs/tags/v1"]
    assert all(candidate.startswith("refs/") for candidate in candidates("abc1234"))
    assert candidates("0" * 40) == candidates("A" * 64) == []
    assert not any(candidate.startswith("-") for candidate in candidates("--all"))


def test_what_steers_an_install_is_told_by_its_hash(server: Server) -> None:
    server.origin.commit(
        {"package.json": '{"engines": {"node": ">=20"}}', "package-lock.json": "{}", "x.js": ""}
    )
    before = server.main()
    assert set(before.blobs) == {"package.json", "package-lock.json"}
    assert (before.package_manager, before.lock_file, before.install_folder) == (
        "npm",
        "package-lock.json",
        ".",
    )
    assert before.engine("node") == ">=20"
    server.origin.commit({"package-lock.json": '{"a": 1}', ".npmrc": "x=y"})
    after = server.main()
    assert after.blobs["package-lock.json"] != before.blobs["package-lock.json"]
    assert after.blobs["package.json"] == before.blobs["package.json"]
    assert ".npmrc" in after.blobs


@pytest.mark.parametrize(
    ("files", "manager", "lock_file"),
    [
        ({"package.json": "{}"}, "npm", ""),
        ({"npm-shrinkwrap.json": "{}"}, "npm", "npm-shrinkwrap.json"),
        ({"pnpm-lock.yaml": ""}, "pnpm", "pnpm-lock.yaml"),
        ({"yarn.lock": ""}, "yarn", "yarn.lock"),
        ({"package.json": '{"packageManager": "pnpm@9.1.0"}', "yarn.lock": ""}, "pnpm", ""),
        ({"package.json": '{"packageManager": "bun@1"}', "yarn.lock": ""}, "yarn", "yarn.lock"),
        ({"package.json": '{"packageManager": 7}'}, "npm", ""),
        ({"package.json": "no json", "yarn.lock": ""}, "yarn", "yarn.lock"),
        ({"package.json": "[1]"}, "npm", ""),
        ({"package.json": '{"engines": "any"}'}, "npm", ""),
    ],
)
def test_the_package_manager_is_the_one_that_the_repository_names(
    server: Server, files: dict[str, str | None], manager: str, lock_file: str
) -> None:
    server.origin.commit(files)
    found = server.main()
    assert (found.package_manager, found.lock_file, found.engine("node")) == (manager, lock_file, "")


def test_an_app_in_a_workspace_installs_where_the_lock_file_is(tmp_path: Path) -> None:
    server = Server(tmp_path, app={"directory": "apps/web"}, database={"kind": "prisma"})
    server.origin.commit(
        {
            "package.json": '{"packageManager": "yarn@4.1.0", "engines": {"node": ">=99"}}',
            "yarn.lock": "top",
            "apps/web/package.json": '{"scripts": {"build": "next build"}}',
            "apps/web/prisma/schema.prisma": "model A {}",
            "apps/web/prisma/migrations/1_init/migration.sql": "",
            "prisma/migrations/9_other/migration.sql": "",
        }
    )
    found = server.main()
    assert (found.package_manager, found.install_folder) == ("yarn", ".")
    assert found.package == {"packageManager": "yarn@4.1.0", "scripts": {"build": "next build"}}
    assert found.places["package.json"] == "apps/web"
    assert found.migrations == ("1_init",)
    assert found.schema


def test_an_app_with_a_lock_file_of_its_own_installs_beside_it(tmp_path: Path) -> None:
    server = Server(tmp_path, app={"directory": "apps/web"})
    server.origin.commit(
        {"package-lock.json": "top", "apps/web/package-lock.json": "own", "apps/web/package.json": "{}"}
    )
    found = server.main()
    assert found.install_folder == "apps/web"
    assert found.blobs["package-lock.json"] == server.origin.git(
        "rev-parse", "HEAD:apps/web/package-lock.json"
    )


def test_migrations_are_folders_in_their_order_whatever_they_are_called(tmp_path: Path) -> None:
    server = Server(tmp_path, database={"kind": "prisma"})
    folders = ["2_größer", "1_init", "10_a b"]
    files: dict[str, str | None] = {f"prisma/migrations/{name}/migration.sql": "" for name in folders}
    server.origin.commit({**files, "prisma/migrations/migration_lock.toml": ""})
    assert server.main().migrations == ("10_a b", "1_init", "2_größer")


def test_a_git_that_fails_is_not_taken_for_a_name_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="index file corrupt"):
        parse(Answer("", "fatal: index file corrupt\n", 128))
    with pytest.raises(ValueError, match="exit code 124"):
        parse(Answer("", "", 124))
