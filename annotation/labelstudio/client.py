"""A Label Studio server, spoken to through its own client.

What goes wrong comes as `DataError` without the token in it, but for `UnansweredError`: a request
whose outcome is not known, since the server may have done what it was asked and not have said so.
Such requests are never repeated blindly; `aloi.annotation.labelstudio.push` first checks their
outcome.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from aloi.annotation.labelstudio.access import Access
from aloi.corpus.extras import need
from aloi.corpus.problems import DataError, Problem

PAGE = 500
"""Tasks listed at a time without their work; with it a tenth of that."""

TIMEOUT = 300.0
"""Seconds that a request may take."""

PROXY = (502, 503, 504)
"""What a proxy answers while the server behind it may be at work."""

SAID = 400
"""How much of a server's answer, in code points, an error repeats."""

TITLE = 50
"""The longest title, in code points, that Label Studio takes."""


class UnansweredError(Exception):
    """A request was sent and nothing usable came back: whether it was done is not known.

    `late`: the server may be at it still.
    """

    def __init__(self, what: str, *, late: bool) -> None:
        super().__init__(what)
        self.late = late


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its number, title, and page."""

    id: int
    title: str
    url: str

    def page(self, task: int) -> str:
        """The address of a task's page."""
        return f"{self.url}/data?task={task}"


class LabelStudioServer:
    """A server at hand, until it is closed. `timeout`: seconds that an import may take."""

    def __init__(self, access: Access, *, timeout: float = TIMEOUT) -> None:
        need("label_studio_sdk", extra="labelstudio")
        import httpx  # noqa: PLC0415 - comes with the client
        from label_studio_sdk import client  # noqa: PLC0415 - takes 2 s

        self.url = access.url
        self._http = httpx.Client(follow_redirects=True, timeout=TIMEOUT)
        self._patient = {"timeout_in_seconds": int(TIMEOUT), "max_retries": 0}
        self._importing = {"timeout_in_seconds": int(timeout), "max_retries": 0}
        how = {"base_url": access.url, "api_key": access.token, "httpx_client": self._http}
        try:
            with self._told("opening it"):
                # Any: its types ask for objects where it takes, and we have, plain values.
                self._client: Any = client.LabelStudio(**how)  # type: ignore[no-untyped-call]
                self._client.users.whoami(request_options=self._patient)
        except BaseException:
            self._http.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def title(self, corpus: str, annotator: str) -> str:
        """The title of an annotator's project; raises `DataError` if it is too long."""
        title = f"{corpus} · {annotator}"
        if len(title) > TITLE:
            what = f"the project title «{title}» is longer than {TITLE} characters"
            raise DataError([Problem("long-title", what, "Shorten the annotator's name")])
        return title

    def project(self, title: str) -> Project | None:
        """The project of this very title; raises `DataError` where several have it."""
        with self._told("listing projects"):
            found = self._client.projects.list(title=title, request_options=self._patient)
            ids = [each.id for each in found if each.title == title]
        if len(ids) > 1:
            what, fix = f"{len(ids)} projects are called «{title}»", "Rename or delete all but one"
            raise DataError([Problem("several-projects", what, fix)])
        return self._project(ids[0], title) if ids else None

    def projects(self, corpus: str) -> dict[str, Project]:
        """The projects of a corpus by annotator."""
        prefix = f"{corpus} · "
        with self._told("listing projects"):
            listed = self._client.projects.list(request_options=self._patient)
            found = [self._project(each.id, each.title or "") for each in listed]
        mine = (each for each in found if each.title.startswith(prefix))
        return {each.title.removeprefix(prefix): each for each in mine}

    def make_project(self, title: str, **settings: Any) -> Project:  # noqa: ANN401
        """A new project; `settings` are those of Label Studio's API, `label_config` among them."""
        with self._told(f"making the project «{title}»"):
            made = self._client.projects.create(
                title=title, request_options=self._patient, **settings
            )
        return self._project(made.id, title)

    def set_up(self, project: Project, **settings: Any) -> None:  # noqa: ANN401
        """Change a project's settings where they differ."""
        with self._told(f"setting up the project «{project.title}»"):
            now = self._client.projects.get(project.id, request_options=self._patient)
            changed = {key: value for key, value in settings.items() if getattr(now, key) != value}
            if changed:
                self._client.projects.update(project.id, request_options=self._patient, **changed)

    def connect(self, project: Project, backend: str, name: str) -> None:
        """Let a project's tasks be pre-annotated by the backend at an address, known by a name."""
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - takes 2 s

        how = {"project": project.id, "url": backend, "title": name}
        with self._told(f"connecting «{project.title}» to {backend}"):
            known = self._backend(project, name)
            if known is not None:
                self._client.ml.update(known, **how, request_options=self._patient)
            else:
                try:
                    self._client.ml.create(**how, request_options=self._patient)
                except ApiError:
                    # The server tells the backend of its events too; where it may not tell an
                    # address of its own network, it says no, though the backend is added.
                    if self._backend(project, name) is None:
                        raise
        self.set_up(project, model_version=name)

    def _backend(self, project: Project, name: str) -> int | None:
        listed = self._client.ml.list(project=project.id, request_options=self._patient)
        return next((each.id for each in listed if each.title == name), None)

    def people(self) -> dict[str, str]:
        """The e-mail address of each user, by number."""
        with self._told("listing users"):
            listed = self._client.users.list(request_options=self._patient)
            return {str(user.id): user.email or str(user.id) for user in listed}

    def tasks(self, project: Project) -> Iterator[dict[str, Any]]:
        """The tasks in order, each `id` and `data` alone."""
        yield from self._list(project, PAGE, fields="task_only", include="id,data")

    def stamps(self, project: Project) -> dict[int, str]:
        """When each task, or any work on it, was last changed."""
        listed = self._list(project, PAGE, fields="task_only", include="id,updated_at")
        return {task["id"]: task["updated_at"] for task in listed}

    def works(self, project: Project, tasks: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Tasks whole, as an export has them: data, annotations, predictions and drafts."""
        step = PAGE // 10
        for start in range(0, len(tasks), step):
            chosen = {"all": False, "included": list(tasks[start : start + step])}
            query = json.dumps({"selectedItems": chosen})
            yield from self._list(project, step, fields="all", query=query)

    def _list(self, project: Project, page: int, **how: str) -> Iterator[dict[str, Any]]:
        with self._told(f"listing the tasks of «{project.title}»"):
            for task in self._client.tasks.list(
                project=project.id, page_size=page, request_options=self._patient, **how
            ):
                yield json.loads(task.json())

    def import_tasks(self, project: Project, tasks: Sequence[dict[str, Any]]) -> None:
        """Import tasks, all or none; raises `UnansweredError` where the outcome is not known.

        The client's own `import_tasks` spends as long on walking through the tasks as the server
        on storing them, so its connection is handed the JSON.
        """
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - takes 2 s

        with self._told(f"importing tasks into «{project.title}»", doing=True):
            answer = self._client._client_wrapper.httpx_client.request(
                f"api/projects/{project.id}/import",
                method="POST",
                headers={"content-type": "application/json"},
                content=msgspec.json.encode(tasks),
                request_options=self._importing,
            )
            if answer.is_error:
                raise ApiError(status_code=answer.status_code, body=answer.text)

    def import_predictions(self, project: Project, predictions: Sequence[dict[str, Any]]) -> None:
        """Add predictions to tasks, named by `task`."""
        with self._told(f"importing predictions into «{project.title}»"):
            self._client.projects.import_predictions(
                project.id, request=predictions, request_options=self._patient
            )

    def delete_tasks(self, project: Project, tasks: Sequence[int]) -> None:
        """Delete tasks of a project, and all work on them."""
        with self._told(f"deleting tasks of «{project.title}»"):
            for start in range(0, len(tasks), PAGE):
                chosen = {"all": False, "included": list(tasks[start : start + PAGE])}
                self._client.actions.create(
                    id="delete_tasks",
                    project=project.id,
                    selected_items=chosen,
                    request_options=self._patient,
                )

    def delete_predictions(self, predictions: Iterable[int]) -> None:
        """Delete predictions."""
        with self._told("deleting predictions"):
            for prediction in predictions:
                self._client.predictions.delete(prediction, request_options=self._patient)

    def wait(self, patience: float) -> None:
        """Wait until the server answers again; raises `DataError` after `patience` seconds."""
        deadline = time.monotonic() + patience
        while True:
            try:
                with self._told("waiting for it", doing=True):
                    self._client.users.whoami(request_options=self._patient)
                return
            except UnansweredError:
                if time.monotonic() > deadline:
                    raise self._silent("waiting for it") from None
                time.sleep(1)

    def _project(self, id_: int, title: str) -> Project:
        return Project(id_, title, f"{self.url}/projects/{id_}")

    @contextmanager
    def _told(self, what: str, *, doing: bool = False) -> Iterator[None]:
        """Turn what the client raises into our errors; `doing`: something is changed there."""
        import httpx  # noqa: PLC0415 - comes with the client
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - takes 2 s

        try:
            yield
        except ApiError as error:
            if doing and (error.status_code or 0) >= 500:
                answer = f"{self.url} answers {error.status_code}"
                raise UnansweredError(answer, late=error.status_code in PROXY) from None
            raise DataError([self._refused(what, error.status_code, error.body)]) from None
        except httpx.HTTPError as error:
            late = isinstance(error, httpx.TimeoutException)
            silence = f"{self.url} does not answer"
            raise (UnansweredError(silence, late=late) if doing else self._silent(what)) from None

    def _refused(self, what: str, status: int | None, body: Any) -> Problem:  # noqa: ANN401
        if status == 401:
            fix = "Give one that is valid there; legacy tokens must be enabled for the organisation"
            return Problem("token-refused", f"{self.url} refuses the token ({what})", fix)
        said = (
            body.get("validation_errors") or body.get("detail") if isinstance(body, dict) else body
        )
        told = f"{what}: {self.url} answers {status}: {str(said)[:SAID]}"
        return Problem("server-refuses", told, "Mend what it names and repeat the command")

    def _silent(self, what: str) -> DataError:
        told = f"{what}: {self.url} does not answer"
        fix = "Start it (`aloi annotate start`), then repeat the command: nothing is done twice"
        return DataError([Problem("no-answer", told, fix)])
