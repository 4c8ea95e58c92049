"""A client of a Label Studio server, based on Label Studio's own SDK.

Errors are raised as `DataError` and never contain the access token. If the server does not answer
an import request, `UnansweredError` is raised, because the server may have completed the request.
Such a request is repeated only after its outcome has been checked
(`aloi.annotation.exchange.task_import`).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import msgspec

from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.adjudication_tasks import CARDS, LEGEND, NUMBERS, VERSIONS_KEY
from aloi.annotation.labelstudio.label_renames import (
    rename_interface,
    rename_predictions,
    rename_results,
    rename_work,
)
from aloi.annotation.labelstudio.labelling_interface import project_settings
from aloi.annotation.labelstudio.reader import LabelStudioTaskReader, stored_author
from aloi.annotation.labelstudio.schema_names import schema_names
from aloi.annotation.labelstudio.tasks import (
    KNOWN_REFS_KEY,
    RENAMES_KEY,
    RESULT_HASH,
    TEXT_HASH,
    LabelStudioTaskWriter,
    contains_nul,
    result_hash,
    task_versions,
    versions_data,
)
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import (
    PREDICTIONS_SHOWN,
    EdgePolicy,
    Payload,
    PredictionBackend,
    Project,
    SchemaName,
    StoredPrediction,
    StoredTask,
    TaskState,
    TaskSummary,
    UnansweredError,
    Versions,
)
from aloi.corpus.document import Document, hash_text
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.optional_dependencies import need
from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.schema import Schema

PAGE_SIZE = 500
"""Tasks per listing or deletion request; `fetch_tasks` requests a tenth of this number."""

REQUEST_TIMEOUT = 300.0
"""Seconds that a request may take."""

RECONNECT_TIMEOUT = 120.0
"""Seconds to wait for a server that does not answer, before predictions are imported again."""

PREDICTION_KEYS = ("model_version", "result", "score")
"""The keys of a stored prediction that do not come from the server."""

GATEWAY_ERRORS = (502, 503, 504)
"""Status codes that a proxy returns while the server may still be working."""

MAX_ANSWER_TEXT = 400
"""The number of code points of a server's answer that an error message quotes."""

_ANSWER_ERRORS = (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError)
"""The errors of the SDK, and of the code that reads its values, for an unexpected answer."""

SAVED_SETTINGS = (
    "description",
    "label_config",
    "expert_instruction",
    "show_instruction",
    "show_skip_button",
    "enable_empty_annotation",
    "show_annotation_history",
    "color",
    "maximum_annotations",
    "model_version",
    "show_collab_predictions",
    "sampling",
    "show_ground_truth_first",
    "show_overlap_first",
    "overlap_cohort_percentage",
    "control_weights",
    "evaluate_predictions_automatically",
    "skip_queue",
    "reveal_preannotations_interactively",
)
"""The settings of a project that a backup contains."""

TECHNICAL_KEYS = {CARDS, LEGEND, NUMBERS, VERSIONS_KEY, KNOWN_REFS_KEY, RENAMES_KEY, TEXT_HASH}
"""The keys in a task's data that users need not see in the task list."""

CONNECTED = "CO"
"""The state of a prediction backend that answers."""

MAX_TITLE_LENGTH = 50
"""The maximum length of a project title in code points, set by Label Studio."""


class LabelStudioServer:
    """A connection to a Label Studio server, used as a context manager.

    The class implements `AnnotationServer`. `timeout` is the number of seconds that an import may
    take.
    """

    def __init__(self, access: Access, *, timeout: float = REQUEST_TIMEOUT) -> None:
        need("label_studio_sdk", extra="labelstudio")
        from label_studio_sdk import client  # noqa: PLC0415 - takes 2 s

        from aloi.annotation.http_answers import limited_client  # noqa: PLC0415 - httpx

        self.url = access.url
        self._token = access.token
        self._http = limited_client(REQUEST_TIMEOUT)
        self._options = {"timeout_in_seconds": int(REQUEST_TIMEOUT), "max_retries": 0}
        self._import_options = {"timeout_in_seconds": int(timeout), "max_retries": 0}
        arguments = {"base_url": access.url, "api_key": access.token, "httpx_client": self._http}
        try:
            with self._translated_errors("connecting"):
                # Any: the SDK is typed to require objects, although it accepts plain values.
                self._client: Any = client.LabelStudio(**arguments)  # type: ignore[no-untyped-call]
                self._client.users.whoami(request_options=self._options)
        except BaseException:
            self._http.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def project_title(self, corpus: str, annotator: str) -> str:
        """Return the title of an annotator's project.

        Raise `DataError` if the title is too long.
        """
        title = f"{corpus} · {annotator}"
        if len(title) > MAX_TITLE_LENGTH:
            what = f"the project title «{title}» is longer than {MAX_TITLE_LENGTH} characters"
            fix = "Shorten the annotator's name or the project name prefix"
            raise DataError([Problem("long-title", what, fix)])
        return title

    def project_settings(
        self, schema: Schema, *, guide: Guide | None, model_version: str | None
    ) -> dict[str, Any]:
        """Return the settings of an annotator's project, with the labelling interface."""
        return project_settings(schema, guide=guide, model_version=model_version)

    def find_project(self, title: str) -> Project | None:
        """Return the project with this title, or None if there is none.

        Raise `DataError` if several projects have this title.
        """
        with self._translated_errors("listing projects"):
            listed = self._client.projects.list(title=title, request_options=self._options)
            ids = [each.id for each in _listed_once(listed) if each.title == title]
        if len(ids) > 1:
            raise DataError([_several_projects(title, len(ids))])
        return self._project(ids[0], title) if ids else None

    def list_projects(self, corpus: str) -> dict[str, Project]:
        """Return the projects of a corpus by annotator.

        Raise `DataError` if several of them have the same title.
        """
        prefix = f"{corpus} · "
        listed = [each for each in self.all_projects() if each.title.startswith(prefix)]
        titles = Counter(each.title for each in listed)
        if several := [_several_projects(x, number) for x, number in titles.items() if number > 1]:
            raise DataError(several)
        return {each.title.removeprefix(prefix): each for each in listed}

    def all_projects(self) -> list[Project]:
        """Return all projects that the account of the access token can see, oldest first."""
        with self._translated_errors("listing projects"):
            listed = self._client.projects.list(request_options=self._options)
            projects = [self._project(each.id, each.title or "") for each in _listed_once(listed)]
        return sorted(projects, key=lambda each: each.id)

    def saved_settings(self, project: Project) -> dict[str, Any]:
        """Return the settings of a project that `create_project` accepts."""
        with self._translated_errors(f"reading the settings of «{project.title}»"):
            current = self._client.projects.get(project.id, request_options=self._options)
            settings = json.loads(current.json())
        return {key: settings[key] for key in SAVED_SETTINGS if settings.get(key) is not None}

    def create_project(self, title: str, settings: Mapping[str, Any]) -> Project:
        """Create a project; the keys of `settings` are API names, such as `label_config`."""
        with self._translated_errors(f"creating the project «{title}»"):
            created = self._client.projects.create(
                title=title, request_options=self._options, **settings
            )
            return self._project(created.id, title)

    def changed_settings(self, project: Project, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of `settings` that differ from the current settings of a project."""
        with self._translated_errors(f"reading the settings of «{project.title}»"):
            current = self._client.projects.get(project.id, request_options=self._options)
            return {k: value for k, value in settings.items() if getattr(current, k) != value}

    def update_project(self, project: Project, settings: Mapping[str, Any]) -> None:
        """Change the settings of a project; unchanged settings are not sent to the server."""
        if changed := self.changed_settings(project, settings):
            with self._translated_errors(f"updating the project «{project.title}»"):
                self._client.projects.update(project.id, request_options=self._options, **changed)

    def connect_backend(
        self, project: Project, backend: str, title: str, *, login: tuple[str, str] | None = None
    ) -> None:
        """Connect a project to the prediction backend at the address `backend`, named `title`.

        `login`: user name and password that Label Studio sends to the backend.
        """
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - takes 2 s

        settings: dict[str, Any] = {"project": project.id, "url": backend, "title": title}
        if login is not None:
            user, password = login
            settings |= {"auth_method": "BASIC_AUTH", "basic_auth_user": user}
            settings["basic_auth_pass"] = password
        with self._translated_errors(f"connecting «{project.title}» to {backend}"):
            existing = self._find_backend(project, title)
            if existing is not None:
                self._client.ml.update(existing, **settings, request_options=self._options)
            else:
                try:
                    self._client.ml.create(**settings, request_options=self._options)
                except ApiError:
                    # The server adds the backend, then sends a webhook event to the backend. If
                    # webhooks to the local network are forbidden, `create` fails after adding.
                    if self._find_backend(project, title) is None:
                        raise
        self.update_project(project, {"model_version": title})

    def connect_webhook(
        self, project: Project, url: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Report submitted and changed annotations of a project to an address, without content.

        `headers` are sent with each event and replace those of an earlier call. Raise `DataError`
        if the server does not send events to this address. By default, Label Studio sends none to
        local addresses.
        """
        settings = {
            "url": url,
            "actions": ["ANNOTATION_CREATED", "ANNOTATION_UPDATED"],
            "send_payload": False,
            "send_for_all_actions": False,
            "headers": dict(headers or {}),
            "is_active": True,
        }
        with self._translated_errors(f"reporting events of «{project.title}» to {url}"):
            listed = self._client.webhooks.list(
                project=str(project.id), request_options=self._options
            )
            existing = [each for each in listed if each.url == url]
            if not existing:
                self._client.webhooks.create(
                    project=project.id, request_options=self._options, **settings
                )
            for each in existing:  # a change without actions would remove them
                self._request("PATCH", f"api/webhooks/{each.id}/", msgspec.json.encode(settings))

    def _find_backend(self, project: Project, title: str) -> int | None:
        listed = self._client.ml.list(project=project.id, request_options=self._options)
        return next((each.id for each in listed if each.title == title), None)

    def prediction_backends(self, project: Project) -> list[PredictionBackend]:
        """Return the prediction backends of a project; the server sends a request to each."""
        with self._translated_errors(f"checking the prediction backends of «{project.title}»"):
            listed = self._client.ml.list(project=project.id, request_options=self._options)
            checked = [self._client.ml.get(x.id, request_options=self._options) for x in listed]
            return [
                PredictionBackend(each.title or "", each.url, each.state == CONNECTED)
                for each in checked
            ]

    def user_emails(self) -> dict[str, str]:
        """Return the e-mail address of each user, by user number."""
        with self._translated_errors("listing users"):
            listed = self._client.users.list(request_options=self._options)
            return {str(user.id): user.email or str(user.id) for user in listed}

    def account(self) -> str:
        """Return the e-mail address of the access token's user."""
        with self._translated_errors("reading the account"):
            return str(self._client.users.whoami(request_options=self._options).email)

    def task_url(self, project: Project, task: int) -> str:
        """Return the address of a task's page."""
        return f"{project.url}/data?task={task}"

    def storage_problems(self, document: Document) -> Iterator[Problem]:
        """Yield a problem if a document contains a NUL character."""
        if contains_nul(document):
            what = "the document contains a NUL character, which PostgreSQL cannot store"
            yield Problem("nul", what, "Remove the NUL character", document.id)

    def task_writer(
        self, annotator: str, schema: Schema, guideline_version: str | None, notes: Notes
    ) -> LabelStudioTaskWriter:
        """Return a converter from documents to tasks for an annotator's project."""
        return LabelStudioTaskWriter(annotator, schema, guideline_version, notes)

    def task_reader(
        self, notes: Notes, edges: EdgePolicy = "trim", *, by_account: bool = False
    ) -> LabelStudioTaskReader:
        """Return a reader of finished work, which counts omitted and flagged items in `notes`.

        If `by_account` is true, work by different users is returned as different documents.
        """
        return LabelStudioTaskReader(notes, edges, by_account)

    def list_tasks(self, project: Project) -> Iterator[TaskSummary]:
        """Yield the tasks of a project in the server's order."""
        for task in self._list(project, PAGE_SIZE, fields="task_only", include="id,data"):
            with self._translated_errors(f"listing the tasks of «{project.title}»"):
                data = task["data"]
                id_, text = str(data.get("doc_id", "")), str(data.get("text", ""))
                bare = data.get(PREDICTIONS_SHOWN) is False
                summary = TaskSummary(task["id"], id_, hash_text(text), task_versions(data), bare)
            yield summary

    def count_tasks(self, project: Project) -> int:
        """Return the number of tasks of a project; much faster than a listing."""
        with self._translated_errors(f"counting the tasks of «{project.title}»"):
            query = f"project={project.id}&page_size=1&fields=task_only&include=id"
            return int(json.loads(self._request("GET", f"api/tasks/?{query}"))["total"])

    def modification_times(self, project: Project) -> dict[int, str]:
        """Return the last time at which each task or its annotations changed, by task number."""
        listed = self._list(project, PAGE_SIZE, fields="task_only", include="id,updated_at")
        with self._translated_errors(f"listing the tasks of «{project.title}»"):
            return {task["id"]: str(task["updated_at"]) for task in listed}

    def fetch_tasks(self, project: Project, tasks: Sequence[int]) -> Iterator[StoredTask]:
        """Yield tasks with their data, annotations, predictions and drafts."""
        size = PAGE_SIZE // 10
        for start in range(0, len(tasks), size):
            selected = {"all": False, "included": list(tasks[start : start + size])}
            query = json.dumps({"selectedItems": selected})
            for payload in self._list(project, size, fields="all", query=query):
                if payload.get("draft_exists"):
                    payload["drafts"] = self._drafts(payload["id"])
                with self._translated_errors(f"reading a task of «{project.title}»"):
                    stored = _stored_task(payload)
                yield stored

    def _drafts(self, task: int) -> list[Payload]:
        """Return the drafts of all users; a listing contains only drafts of the token's user."""
        with self._translated_errors(f"reading the drafts of task {task}"):
            return list(json.loads(self._request("GET", f"api/tasks/{task}/drafts")))

    def create_draft(self, task: int, draft: Payload, *, annotation: int | None = None) -> None:
        """Create a draft of the token's user for a task, or for one of its annotations."""
        part = "" if annotation is None else f"/annotations/{annotation}"
        with self._translated_errors(f"creating a draft of task {task}"):
            self._request("POST", f"api/tasks/{task}{part}/drafts", msgspec.json.encode(draft))

    def _request(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        *,
        options: Mapping[str, int] | None = None,
    ) -> str:
        """Send a request over the SDK's connection; return the answer."""
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - takes 2 s

        answer = self._client._client_wrapper.httpx_client.request(
            path,
            method=method,
            headers={"content-type": "application/json"},
            content=content,
            request_options=options or self._options,
        )
        if answer.is_error:
            raise ApiError(status_code=answer.status_code, body=answer.text)
        return str(answer.text)

    def _list(self, project: Project, page: int, **parameters: str) -> Iterator[Payload]:
        with self._translated_errors(f"listing the tasks of «{project.title}»"):
            listed = self._client.tasks.list(
                project=project.id, page_size=page, request_options=self._options, **parameters
            )
            for task in _listed_once(listed):
                yield json.loads(task.json())

    def import_tasks(self, project: Project, tasks: Sequence[Payload]) -> None:
        """Import all tasks or none of them; raise `UnansweredError` if the outcome is unknown.

        The JSON is sent over the SDK's connection, without the SDK's `import_tasks`. That method
        converts the tasks first, which takes as long as storing the tasks on the server.
        """
        with self._translated_errors(f"importing tasks into «{project.title}»", changes=True):
            path, content = f"api/projects/{project.id}/import", msgspec.json.encode(tasks)
            self._request("POST", path, content, options=self._import_options)
        with self._translated_errors(f"arranging the task list of «{project.title}»"):
            self._arrange_task_list(project)

    def _arrange_task_list(self, project: Project) -> None:
        """Hide the columns with technical data in the task list, unless the list was opened before.

        Label Studio creates the view of the list when a user opens it first. It would display every
        value that the labelling interface reads, such as the JSON of the known refs.
        """
        if self._client.views.list(project=project.id, request_options=self._options):
            return
        columns = json.loads(self._request("GET", f"api/dm/columns?project={project.id}"))
        hidden = _hidden_columns(columns["columns"])
        view = {"title": "Default", "type": "list", "target": "tasks", "hiddenColumns": hidden}
        self._client.views.create(project=project.id, data=view, request_options=self._options)

    def import_predictions(self, project: Project, predictions: Mapping[int, Payload]) -> None:
        """Add predictions to tasks; `predictions` maps task numbers to predictions.

        Raise `DataError` if the server omits predictions: it answers with success even so.
        """
        listed = [{"task": task, **prediction} for task, prediction in predictions.items()]
        with self._translated_errors(f"importing predictions into «{project.title}»"):
            answer = self._client.projects.import_predictions(
                project.id, request=listed, request_options=self._options
            )
        if answer.created != len(listed):
            created = f"{answer.created} of {count_noun(len(listed), 'prediction')}"
            what = f"«{project.title}»: the server imported only {created}"
            fix = (
                "Read the server's log for the predictions that it refuses; usually the labelling "
                "interface of the project does not contain one of their labels"
            )
            raise DataError([Problem("predictions-refused", what, fix)])

    def record_versions(self, project: Project, tasks: Sequence[int], versions: Versions) -> None:
        """Record new versions in tasks without work; tasks with work keep theirs."""
        for task in self.fetch_tasks(project, tasks):
            if not task.has_work:
                data = task.payload["data"] | versions_data(versions)
                with self._translated_errors(f"updating task {task.id} of «{project.title}»"):
                    self._client.tasks.update(
                        str(task.id), data=data, request_options=self._options
                    )

    def rename_labels(
        self,
        project: Project,
        renames: Mapping[str, str],
        *,
        progress: Progress = ignore_progress,
    ) -> int:
        """Rename labels in a project; return the number of changed tasks.

        Label Studio refuses an interface without a label of annotations or drafts, and predictions
        with a label that the interface lacks. So work comes first, and predictions last.
        """
        changed, started = set[int](), set[int]()
        tasks = [task.id for task in self.list_tasks(project)]
        for number, task in enumerate(self.fetch_tasks(project, tasks)):
            if number % PAGE_SIZE == 0:
                progress(f"{project.title}: labels renamed in {number} of {len(tasks)} tasks")
            if task.has_work:
                started.add(task.id)
                action = f"renaming labels in task {task.id} of «{project.title}»"
                with self._translated_errors(action):
                    changed |= {task.id} if self._rename_in_task(task, renames) else set()
        settings = self.saved_settings(project)
        interface = rename_interface(settings["label_config"], renames)
        self.update_project(project, {"label_config": interface})
        progress(f"{project.title}: renaming labels in predictions")
        changed |= self._rename_in_predictions(project, renames, started)
        if "model_version" in settings:  # Label Studio may reset it
            self.update_project(project, {"model_version": settings["model_version"]})
        return len(changed)

    def _rename_in_predictions(
        self, project: Project, renames: Mapping[str, str], started: Container[int]
    ) -> set[int]:
        """Rename labels in the predictions of a project; return the changed tasks.

        Predictions of tasks without work are deleted and imported in few requests, because a change
        of one prediction takes up to 0.3 s. Label Studio's import omits predictions that its own
        check refuses, so these are changed one by one, as well as those of started tasks.
        """
        with self._translated_errors(f"listing the predictions of «{project.title}»"):
            listed = json.loads(self._request("GET", f"api/predictions/?project={project.id}"))
        by_task: dict[int, list[Payload]] = {}
        for each in listed:
            by_task.setdefault(each["task"], []).append(each)
        is_valid = self._prediction_check(project)
        changed, replaced = dict[int, Payload](), dict[int, list[Payload]]()
        tasks = set()
        for task, stored in by_task.items():
            renamed = rename_predictions(map(_prediction_payload, stored), renames)
            if not renamed:
                continue
            tasks.add(task)
            if task in started or not all(map(is_valid, renamed)):
                changed |= {x["id"]: new for x, new in zip(stored, renamed, strict=True)}
            else:
                replaced[task] = [x for n, x in enumerate(renamed) if x not in renamed[:n]]
        self.change_predictions(changed)
        self._replace_predictions(project, replaced)
        return tasks

    def _prediction_check(self, project: Project) -> Callable[[Payload], bool]:
        """Return the check that Label Studio applies to the predictions that it imports."""
        from label_studio_sdk.label_interface.interface import LabelInterface  # noqa: PLC0415 - takes 2 s

        with self._translated_errors(f"reading the settings of «{project.title}»"):
            current = self._client.projects.get(project.id, request_options=self._options)
        interface: Any = LabelInterface(current.label_config)
        return lambda prediction: not interface.validate_prediction(prediction, return_errors=True)

    def _replace_predictions(
        self, project: Project, predictions: Mapping[int, Sequence[Payload]]
    ) -> None:
        """Replace all predictions of tasks; `predictions` contains the new ones by task.

        After an error, such as Ctrl+C, the new ones are imported nevertheless, because the server
        may have deleted the old ones.
        """
        if not predictions:
            return
        try:
            with self._translated_errors(f"deleting predictions of «{project.title}»"):
                self._act_on_tasks(project, "delete_tasks_predictions", list(predictions))
        finally:
            self.wait_until_ready(RECONNECT_TIMEOUT)
            for number in range(max(map(len, predictions.values()))):
                listed = {task: each[number] for task, each in predictions.items() if each[number:]}
                self.import_predictions(project, listed)

    def _rename_in_task(self, task: StoredTask, renames: Mapping[str, str]) -> bool:
        """Rename labels in a task's work; return whether it contained any of them."""
        payload = task.payload
        drafts = [x for x in payload.get("drafts") or () if rename_work(x, renames)]
        annotations = [x for x in payload.get("annotations") or () if rename_work(x, renames)]
        for draft in drafts:
            self._rename_in_work("drafts", self._work("drafts", draft["id"]), renames)
        for annotation in annotations:
            self._rename_in_annotation(task, annotation, renames)
        return bool(drafts or annotations)

    def _rename_in_annotation(
        self, task: StoredTask, annotation: Payload, renames: Mapping[str, str]
    ) -> None:
        """Rename labels in an annotation; the task records its author.

        Label Studio replaces the author by this user. Therefore, the author is recorded first, in
        case of an interruption. The annotation is fetched after that, because it may have changed
        since it was listed.
        """
        self._record_author(task, annotation, renames)
        current = self._work("annotations", annotation["id"])
        if current["updated_at"] != annotation["updated_at"]:
            self._record_author(task, current, renames)
        self._rename_in_work("annotations", current, renames)

    def _record_author(
        self, task: StoredTask, annotation: Payload, renames: Mapping[str, str]
    ) -> None:
        """Record the author of an annotation in the task, before labels are renamed in it."""
        data = task.payload["data"]
        data.setdefault(RENAMES_KEY, {})[str(annotation["id"])] = {
            "author": stored_author(annotation, data),
            "updated_at": annotation["updated_at"],
            RESULT_HASH: result_hash(rename_results(annotation["result"] or (), renames)),
        }
        content = msgspec.json.encode({"data": data})
        self._request("PATCH", f"api/tasks/{task.id}/", content)

    def _work(self, kind: str, number: int) -> Payload:
        """Return the current state of one of the `annotations` or `drafts`."""
        work: Payload = json.loads(self._request("GET", f"api/{kind}/{number}/"))
        return work

    def _rename_in_work(self, kind: str, work: Payload, renames: Mapping[str, str]) -> None:
        """Rename labels in one of the `annotations` or `drafts`."""
        if results := rename_work(work, renames):
            content = msgspec.json.encode({"result": results})
            self._request("PATCH", f"api/{kind}/{work['id']}/", content)

    def order_by_uncertainty(self, project: Project, model_version: str) -> None:
        """Display this model's predictions, and serve the tasks with the lowest scores first.

        The project must contain a prediction with this `model_version`.
        """
        settings = {"model_version": model_version, "sampling": "Uncertainty sampling"}
        self.update_project(project, settings)

    def delete_tasks(self, project: Project, tasks: Sequence[int]) -> None:
        """Delete the tasks with these numbers and all of their annotations."""
        with self._translated_errors(f"deleting tasks of «{project.title}»"):
            self._act_on_tasks(project, "delete_tasks", tasks)

    def _act_on_tasks(self, project: Project, action: str, tasks: Sequence[int]) -> None:
        """Apply an action of Label Studio's data manager to tasks."""
        for start in range(0, len(tasks), PAGE_SIZE):
            selected = {"all": False, "included": list(tasks[start : start + PAGE_SIZE])}
            self._client.actions.create(
                id=action,
                project=project.id,
                selected_items=selected,
                request_options=self._options,
            )

    def change_predictions(self, predictions: Mapping[int, Payload]) -> None:
        """Change predictions, which keep their numbers; `predictions` maps numbers to contents.

        A page that was opened before refers to the number of its prediction when it is submitted,
        and Label Studio refuses the work if this prediction was deleted.
        """
        with self._translated_errors("changing predictions"):
            for number, prediction in predictions.items():
                content = msgspec.json.encode({"score": None, **prediction})
                self._request("PATCH", f"api/predictions/{number}/", content)

    def wait_until_ready(self, timeout: float) -> None:
        """Wait until the server answers; raise `DataError` after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                with self._translated_errors("waiting for the server", changes=True):
                    self._client.users.whoami(request_options=self._options)
                return
            except UnansweredError:
                if time.monotonic() > deadline:
                    raise self._no_answer("waiting for the server") from None
                time.sleep(1)

    def _project(self, id_: int, title: str) -> Project:
        if not (isinstance(id_, int) and isinstance(title, str)):
            raise TypeError("a project needs a number and a title")
        return Project(id_, title, f"{self.url}/projects/{id_}")

    @contextmanager
    def _translated_errors(self, action: str, *, changes: bool = False) -> Iterator[None]:
        """Raise `DataError` for errors of the SDK; `action` is the failed operation in messages.

        If `changes` is true, raise `UnansweredError` if the server does not answer or answers with
        a status of 500 or higher.
        """
        import httpx  # noqa: PLC0415 - a dependency of the SDK
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - takes 2 s

        try:
            yield
        except ApiError as error:
            if changes and (error.status_code or 0) >= 500:
                what = f"{self.url} answers with status {error.status_code}"
                raise UnansweredError(what, late=error.status_code in GATEWAY_ERRORS) from None
            raise DataError([self._refusal(action, error.status_code, error.body)]) from None
        except httpx.HTTPError as error:
            if not changes:
                raise self._no_answer(action) from None
            late = isinstance(error, httpx.TimeoutException)
            raise UnansweredError(f"{self.url} does not answer", late=late) from None
        except DataError:
            raise
        except _ANSWER_ERRORS:
            # The SDK does not check answers: a page of a proxy becomes an error of any type.
            raise DataError([self._unexpected(action)]) from None

    def _refusal(self, action: str, status: int | None, body: Any) -> Problem:  # noqa: ANN401
        if status == 401:
            fix = (
                "Use a valid access token of this server "
                "(legacy tokens must be enabled for the organisation)"
            )
            return Problem("token-refused", f"{action}: {self.url} refuses the access token", fix)
        from aloi.annotation.http_answers import without_token  # noqa: PLC0415 - httpx

        detail = (
            body.get("validation_errors") or body.get("detail") if isinstance(body, dict) else body
        )
        answer = without_token(str(detail), self._token)[:MAX_ANSWER_TEXT]
        what = f"{action}: {self.url} answers with status {status}: {answer}"
        fix = "Correct the error that the server reports, then repeat the command"
        return Problem("server-refuses", what, fix)

    def _unexpected(self, action: str) -> Problem:
        what = f"{action}: the answer of {self.url} is not an answer of Label Studio"
        fix = (
            "Check the address of the server (a proxy or a login page may answer in its place) "
            "and its version, then repeat the command"
        )
        return Problem("unexpected-answer", what, fix)

    def _no_answer(self, action: str) -> DataError:
        what = f"{action}: {self.url} does not answer"
        fix = (
            "Start the server (`aloi annotate start`), then repeat the command; "
            "completed steps are not repeated"
        )
        return DataError([Problem("no-answer", what, fix)])


def _several_projects(title: str, number: int) -> Problem:
    what = f"{number} projects on the server have the title «{title}»"
    fix = "Rename or delete all but one of these projects in Label Studio"
    return Problem("several-projects", what, fix)


def _listed_once(listed: Iterable[Any]) -> Iterator[Any]:
    from aloi.annotation.http_answers import listed_once  # noqa: PLC0415 - httpx

    return listed_once(listed)


def _hidden_columns(columns: Sequence[Payload]) -> dict[str, list[str]]:
    """Return the columns to hide in the task list, and in the short list beside an open task.

    `columns` are the server's, which say by themselves where each is displayed by default.
    """
    hidden: dict[str, list[str]] = {"explore": [], "labeling": []}
    for column in columns:
        name = f"tasks:{column['id']}"
        if column.get("parent"):
            name = f"tasks:{column['parent']}.{column['id']}"
        for list_, ids in hidden.items():
            shown = column.get("visibility_defaults", {}).get(list_, True)
            if not shown or column["id"] in TECHNICAL_KEYS:
                ids.append(name)
    return hidden


def _stored_task(payload: Payload) -> StoredTask:
    predictions = tuple(
        StoredPrediction(
            each["id"],
            str(each.get("model_version", "")),
            _prediction_payload(each),
            schema_names(each.get("result") or ()),
        )
        for each in payload.get("predictions", ())
    )
    work = [*(payload.get("annotations") or ()), *(payload.get("drafts") or ())]
    names = frozenset[SchemaName]().union(
        *(schema_names(each.get("result") or ()) for each in work)
    )
    return StoredTask(
        payload["id"],
        payload,
        bool(work),
        predictions,
        _state(payload),
        names,
        _sent_work(payload),
    )


def _sent_work(payload: Payload) -> str | None:
    """Return the hash of a task's work if it is one annotation that nobody has changed."""
    annotations = list(payload.get("annotations") or ())
    if len(annotations) != 1 or payload.get("drafts"):
        return None
    only = annotations[0]
    if only.get("was_cancelled") or stored_author(only, payload["data"]) is not None:
        return None
    return result_hash(only.get("result") or ())


def _prediction_payload(stored: Payload) -> Payload:
    """Return what an import of a stored prediction needs."""
    return {key: stored[key] for key in PREDICTION_KEYS if stored.get(key) is not None}


def _state(payload: Payload) -> TaskState:
    cancelled = [each.get("was_cancelled") for each in payload.get("annotations", ())]
    if not all(cancelled):
        return "finished"
    if payload.get("drafts"):
        return "draft"
    return "skipped" if cancelled else "not begun"
