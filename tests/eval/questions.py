"""The labelled questions, and how many of each kind must come out right."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEMO = Path(__file__).parents[2] / "infra" / "demo"
TENANTS = ("acme", "globex")
HANDBOOK_QUESTIONS = Path(__file__).with_name("handbook.yaml")


@dataclass(frozen=True)
class Question:
    text: str
    tenant: str
    is_answerable: bool
    group: str = "given"
    document: str | None = None
    is_for_tuning: bool = False
    answered_by_handbook: bool = False


@dataclass(frozen=True)
class Goal:
    answered: float
    refused: float


# What the weights were not fitted to counts most. Who tells a story names little that an article
# names too, so that such a question is sooner refused than guessed at.
GOALS = {
    "given": Goal(0.9, 0.9),
    "demo": Goal(0.8, 0.9),
    "probe, tuning": Goal(0.9, 0.9),
    "probe, held out": Goal(0.9, 0.92),
    "stories, tuning": Goal(0.6, 0.8),
    "stories, held out": Goal(0.5, 0.8),
}
GOALS_BESIDE = {
    "demo": Goal(0.8, 0.85),
    "probe, tuning": Goal(0.85, 0.85),
    "probe, held out": Goal(0.85, 0.9),
    "stories, tuning": Goal(0.6, 0.8),
    "stories, held out": Goal(0.5, 0.7),
    "handbook": Goal(0.85, 0.9),
}


def demo_questions() -> list[Question]:
    demo = [_question(one, "demo", is_for_tuning=True) for one in _read(DEMO / "questions.yaml")]
    return demo + [_probe_question(one) for one in _read(DEMO / "probe.yaml")]


def handbook_questions() -> list[Question]:
    return [
        Question(one["question"], TENANTS[0], one["is_answered"], "handbook")
        for one in _read(HANDBOOK_QUESTIONS)
    ]


def _probe_question(labelled: dict[str, Any]) -> Question:
    is_for_tuning = labelled["split"] == "tuning"
    kind = "stories" if labelled.get("style") == "story" else "probe"
    group = f"{kind}, {'tuning' if is_for_tuning else 'held out'}"
    return _question(labelled, group, is_for_tuning=is_for_tuning)


def _question(labelled: dict[str, Any], group: str, *, is_for_tuning: bool) -> Question:
    document = labelled["document"]
    return Question(
        text=labelled["question"],
        tenant=labelled["tenant"],
        is_answerable=document is not None,
        group=group,
        document=document,
        is_for_tuning=is_for_tuning,
        answered_by_handbook=labelled.get("answered_by_handbook", False),
    )


def _read(file: Path) -> list[dict[str, Any]]:
    questions: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))["questions"]
    return questions
