"""The plan of a push: everything that the push will change, decided without the server.

`plan_push` is a pure function of the request and the snapshots of the annotators' projects. A plan
with problems must not be applied.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aloi.annotation.exchange.assignment import assign_documents, balance_loads, order_documents
from aloi.annotation.exchange.push_request import PushRequest
from aloi.annotation.exchange.snapshot import ProjectSnapshot, TaskContent, text_changed
from aloi.annotation.exchange.task_import import TasksByDocument, distinct_tasks
from aloi.annotation.server_protocol import Payload, Project, SchemaName, TaskWriter
from aloi.corpus.document import Document
from aloi.corpus.problems import Problem, count_noun
from aloi.corpus.schema import Schema

MAX_IDS_SHOWN = 5
"""The number of document ids that a message on affected tasks lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushCounts:
    """What a push changes in one project.

    `sent` is the number of sent documents, `present` the number of documents already in the
    project, and `replaced` the number of documents with a replaced task. `predictions` is the
    number of updated predictions, `duplicates` the number of deleted duplicate tasks, `moved` the
    number of documents that move to another annotator. `upgraded` is the number of tasks that get
    the current versions of the guideline and schema, `kept_versions` the number of started tasks
    that keep older versions.
    """

    sent: int = 0
    present: int = 0
    replaced: int = 0
    predictions: int = 0
    duplicates: int = 0
    moved: int = 0
    upgraded: int = 0
    kept_versions: int = 0


@dataclass(frozen=True, kw_only=True)
class ProjectPlan:
    """The changes to one annotator's project; `project` is None if the push creates it.

    `send` contains the documents to import, in order, including those with a replaced task.
    `duplicates`, `replaced` and `moved` contain the numbers of tasks to delete; `replaced` and
    `moved` are keyed by document id. Tasks of `moved` are sent to another annotator. `predictions`
    maps task numbers to new predictions, and `changed_predictions` maps the numbers of predictions
    to their new contents. No prediction is deleted: an annotator may have its page open, and Label
    Studio does not save work that refers to a deleted prediction.
    `upgraded` contains the tasks without work that get the current versions, and `kept_versions` is
    the number of tasks with work that keep older versions. `expected` is the number of tasks in the
    project after the push.
    """

    annotator: str
    title: str
    project: Project | None = None
    expected: int = 0
    send: Sequence[Document] = ()
    present: int = 0
    duplicates: Sequence[int] = ()
    replaced: Mapping[str, Sequence[int]] = field(default_factory=dict)
    moved: Mapping[str, Sequence[int]] = field(default_factory=dict)
    predictions: Mapping[int, Payload] = field(default_factory=dict)
    changed_predictions: Mapping[int, Payload] = field(default_factory=dict)
    upgraded: Sequence[int] = ()
    kept_versions: int = 0
    changed_settings: frozenset[str] = frozenset()
    model_version: str | None = None

    @property
    def counts(self) -> PushCounts:
        """The numbers of changes."""
        return PushCounts(
            sent=len(self.send),
            present=self.present,
            replaced=len(self.replaced),
            predictions=len(self.predictions) + len(self.changed_predictions),
            duplicates=len(self.duplicates),
            moved=len(self.moved),
            upgraded=len(self.upgraded),
            kept_versions=self.kept_versions,
        )

    @property
    def deleted(self) -> list[int]:
        """The numbers of all tasks that the push deletes."""
        named = (*self.replaced.values(), *self.moved.values())
        return [*self.duplicates, *(task for tasks in named for task in tasks)]


@dataclass(frozen=True)
class PushPlan:
    """The changes to all projects, by annotator, and the problems that forbid them."""

    projects: Mapping[str, ProjectPlan]
    problems: Sequence[Problem] = ()


def plan_push(
    request: PushRequest,
    snapshots: Sequence[ProjectSnapshot],
    writers: Mapping[str, TaskWriter],
) -> PushPlan:
    """Return the changes that a push makes to the projects of its annotators.

    `writers` contains each annotator's converter from documents to tasks. Raise `DataError` if the
    order requires scores and no prediction contains scores.
    """
    documents = order_documents(request.documents, request.order, predictions=request.predictions)
    ids = [document.id for document in documents]
    assigned = assign_documents(
        ids,
        request.annotators,
        double=request.double,
        placed={each.annotator: each.tasks for each in snapshots},
    )
    if request.rebalance:
        assigned = balance_loads(assigned, _movable_documents(snapshots))
    known, own = set(ids), {name: set(ids) for name, ids in assigned.items()}
    plans = {
        each.annotator: _plan_project(
            request,
            each,
            [document for document in documents if document.id in own[each.annotator]],
            writers[each.annotator],
            moved=[id_ for id_ in each.tasks if id_ in known and id_ not in own[each.annotator]],
        )
        for each in snapshots
    }
    problems = [
        problem
        for each in snapshots
        for problem in _project_problems(request, each, plans[each.annotator])
    ]
    return PushPlan(plans, problems)


def _movable_documents(snapshots: Sequence[ProjectSnapshot]) -> set[str]:
    """Return the ids of the documents that only one annotator has, and that nobody has started."""
    holders = Counter(id_ for each in snapshots for id_ in each.tasks)
    return {
        id_
        for each in snapshots
        for id_, listed in each.tasks.items()
        if holders[id_] == 1
        and all(task.id in each.states for task in listed)
        and not each.has_work(id_)
    }


def _plan_project(
    request: PushRequest,
    snapshot: ProjectSnapshot,
    documents: Sequence[Document],
    writer: TaskWriter,
    *,
    moved: Sequence[str],
) -> ProjectPlan:
    tasks, duplicates = _without_duplicates(snapshot)
    taken = {id_: [task.id for task in tasks.pop(id_)] for id_ in moved}
    replaced: dict[str, list[int]] = {}
    if request.changed == "replace":
        outdated = [each.id for each in documents if text_changed(tasks.get(each.id, ()), each)]
        replaced = {id_: [task.id for task in tasks.pop(id_)] for id_ in outdated}
    send = [document for document in documents if document.id not in tasks]
    kept = [document for document in documents if document.id in tasks]
    started = list(_outdated_tasks(request, snapshot, tasks, has_work=True))
    new_predictions, changed = _plan_predictions(request, snapshot, tasks, kept, writer)
    return ProjectPlan(
        annotator=snapshot.annotator,
        title=snapshot.title,
        project=snapshot.project,
        expected=sum(map(len, tasks.values())) + len(send),
        send=send,
        present=len(kept),
        duplicates=duplicates,
        replaced=replaced,
        moved=taken,
        predictions=new_predictions,
        changed_predictions=changed,
        upgraded=list(_outdated_tasks(request, snapshot, tasks, has_work=False)),
        kept_versions=len(started),
        changed_settings=snapshot.changed_settings,
        model_version=_model_version(request, snapshot.annotator, send, tasks),
    )


def _model_version(
    request: PushRequest, annotator: str, send: Sequence[Document], tasks: TasksByDocument
) -> str | None:
    """Return the model version to display, or None if no document has a prediction.

    A project may only display a model version of which it contains predictions.
    """
    known = {document.id for document in request.documents} & request.predictions.keys()
    predicted = any(request.displayed(annotator, document.id) for document in send) or any(
        id_ in known and not listed[0].is_bare for id_, listed in tasks.items()
    )
    return request.model_version if predicted else None


def _without_duplicates(snapshot: ProjectSnapshot) -> tuple[TasksByDocument, list[int]]:
    """Return the tasks to keep by document id, and the duplicate tasks.

    At least one task per document is kept. If several tasks of a document contain different work,
    all of these tasks are kept, and `pull` reports them.
    """
    tasks, duplicates = dict(snapshot.tasks), list[int]()
    for id_, listed in snapshot.tasks.items():
        if id_ and len(listed) > 1:
            keys = {task.id: snapshot.states[task.id].work_key for task in listed}
            tasks[id_] = distinct_tasks(listed, keys)
            duplicates += [task.id for task in listed if task not in tasks[id_]]
    return tasks, duplicates


def _plan_predictions(
    request: PushRequest,
    snapshot: ProjectSnapshot,
    tasks: TasksByDocument,
    documents: Sequence[Document],
    writer: TaskWriter,
) -> tuple[dict[int, Payload], dict[int, Payload]]:
    """Return the new predictions by task, and the changed ones of this version by their number."""
    new, changed = dict[int, Payload](), dict[int, Payload]()
    for document in documents:
        if document.id not in request.predictions or tasks[document.id][0].is_bare:
            continue
        task, version = tasks[document.id][0].id, request.model_version
        prediction = writer.prediction(request.predictions[document.id], version)
        stored = [
            each for each in snapshot.states[task].predictions if each.model_version == version
        ]
        digest = writer.prediction_hash(prediction)
        changed |= {each.id: prediction for each in stored if each.hash != digest}
        if not stored:
            new[task] = prediction
    return new, changed


def _outdated_tasks(
    request: PushRequest, snapshot: ProjectSnapshot, tasks: TasksByDocument, *, has_work: bool
) -> Iterator[int]:
    """Yield the tasks with outdated versions that have work, or that have none."""
    for listed in tasks.values():
        for task in listed:
            state = snapshot.states.get(task.id)
            if state and state.has_work == has_work and task.versions.outdated(request.versions):
                yield task.id


def _project_problems(
    request: PushRequest, snapshot: ProjectSnapshot, plan: ProjectPlan
) -> Iterator[Problem]:
    if request.changed != "keep":
        yield from _text_problems(request, snapshot)
    yield from _name_problems(request, snapshot, plan)


def _text_problems(request: PushRequest, snapshot: ProjectSnapshot) -> Iterator[Problem]:
    """Yield a problem for each document with a changed text that the push may not replace."""
    for document in request.documents:
        if not text_changed(snapshot.tasks.get(document.id, ()), document):
            continue
        has_work = snapshot.has_work(document.id)
        if request.changed == "replace" and not has_work:
            continue
        what = f"the text of {snapshot.annotator}'s task differs from the document's text"
        fix = "Push with --changed keep to keep the task, or --changed replace to replace it"
        if has_work:
            what += ", and the task contains work"
            fix = "Push with --changed keep, or pull the annotations and delete the task"
        yield Problem("changed-text", what, fix, document.id)


def _name_problems(
    request: PushRequest, snapshot: ProjectSnapshot, plan: ProjectPlan
) -> Iterator[Problem]:
    """Yield a problem for each name in use that the schema does not contain."""
    deleted = set(plan.deleted)
    users: defaultdict[SchemaName, list[str]] = defaultdict(list)
    for id_, listed in snapshot.tasks.items():
        states = [snapshot.states.get(x.id, TaskContent()) for x in listed if x.id not in deleted]
        names = (_names(state, plan.model_version, plan.changed_predictions) for state in states)
        for name in frozenset[SchemaName]().union(*names):
            users[name].append(id_)
    for name in sorted(users.keys() - _schema_names(request.schema)):
        ids = users[name]
        shown = ", ".join(ids[:MAX_IDS_SHOWN]) + (", …" if len(ids) > MAX_IDS_SHOWN else "")
        what = (
            f"{count_noun(len(ids), 'task')} of «{snapshot.title}» ({shown}) contain the {name}, "
            f"which schema {request.schema} does not contain"
        )
        fix = (
            "If it was renamed, run `aloi corpus migrate CORPUS --rename "
            f"{name.name}=NEW --server`; otherwise add it to the schema, or change these "
            "annotations in Label Studio"
        )
        if name.kind == "attribute":
            fix = "Add it to the schema, or remove it from these annotations in Label Studio"
        yield Problem("name-in-use", what, fix)


def _names(
    state: TaskContent, model_version: str | None, changed: Container[int]
) -> frozenset[SchemaName]:
    """Return the names in a task's work and in the predictions that are displayed with it."""
    displayed = (
        each.names
        for each in state.predictions
        if model_version in (None, each.model_version) and each.id not in changed
    )
    return state.names.union(*displayed)


def _schema_names(schema: Schema) -> set[SchemaName]:
    return {
        *(SchemaName("entity label", label) for label in schema.entities),
        *(SchemaName("relation label", label) for label in schema.relations),
        *(SchemaName("attribute", name) for name in schema.entity_attributes),
        *(SchemaName("attribute", name) for name in schema.relation_attributes),
    }
