"""Fine-tunes MiniLM-L6 on the rows; a checkpoint lets a stopped run go on where it was."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

from services.ticket.triage.labels import LABELS
from services.ticket.triage.training.corpus import SEED, Row

LENGTH = 128
LAYERS = 6
BATCH = 32
# Twice through the rows.
STEPS = 2160
RATE = 8e-5
HEAD_RATE = 8e-4
WARM_UP_STEPS = 100
COOLING = 0.4
SMOOTHING = 0.05
WORDS_HIDDEN = 0.1
NATURAL_TIMES = 4
STEPS_PER_CHECKPOINT = 100


class TriageNet(nn.Module):  # type: ignore[misc]  # torch is not there to be looked at
    """The encoder's mean, then one output per label and one for out of scope."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        # Dropout inside the encoder costs a third of the time here; hidden words do its work.
        self.encoder = AutoModel.from_pretrained(
            folder,
            dtype=torch.float32,
            num_hidden_layers=LAYERS,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",
        )
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(self.encoder.config.hidden_size, len(LABELS) + 1)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state.float()
        mask = attention_mask.unsqueeze(2).float()
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return self.head(self.dropout(mean))


@dataclass(frozen=True, slots=True)
class Encoded:
    ids: list[int]
    label: int | None


def fine_tune(
    folder: Path, rows: list[Row], work: Path, say: Callable[[str], None], steps: int = STEPS
) -> TriageNet:
    torch.manual_seed(SEED)
    net = TriageNet(folder)
    encoded = encode(folder, _repeated(rows))
    plan = _plan(encoded, steps)
    optimizer = torch.optim.AdamW(
        [
            {"params": net.encoder.parameters(), "lr": RATE},
            {"params": net.head.parameters(), "lr": HEAD_RATE},
        ],
        weight_decay=0.01,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(_rate, steps=steps))
    checkpoint = work / "checkpoint.pt"
    done = _resume(checkpoint, net, optimizer, schedule)
    say(f"{len(rows)} rows, {len(plan)} steps of {BATCH}, {done} done")
    net.train()
    started, loss_sum = time.monotonic(), 0.0
    for step in range(done, len(plan)):
        torch.manual_seed(SEED + step)
        loss = _loss(net, plan[step], random.Random(SEED + step))  # noqa: S311 -- repeatable
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        loss_sum += loss.item()
        if (step + 1) % STEPS_PER_CHECKPOINT == 0 or step + 1 == len(plan):
            state = [part.state_dict() for part in (net, optimizer, schedule)]
            torch.save({"step": step + 1, "state": state}, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
            minutes = (time.monotonic() - started) / 60
            say(f"step {step + 1}: loss {loss_sum / STEPS_PER_CHECKPOINT:.3f}, {minutes:.1f} min")
            loss_sum = 0.0
    net.eval()
    return net


def encode(folder: Path, rows: list[Row]) -> list[Encoded]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer([row.text for row in rows], truncation=True, max_length=LENGTH)["input_ids"]
    return [Encoded(one, row.label) for one, row in zip(ids, rows, strict=True)]


def _repeated(rows: list[Row]) -> list[Row]:
    return [row for row in rows for _ in range(NATURAL_TIMES if row.natural else 1)]


def _plan(encoded: list[Encoded], steps: int) -> list[list[Encoded]]:
    plan: list[list[Encoded]] = []
    epoch = 0
    while len(plan) < steps:
        plan += _batches(encoded, epoch)
        epoch += 1
    return plan[:steps]


def _batches(encoded: list[Encoded], epoch: int) -> list[list[Encoded]]:
    shuffler = random.Random(SEED + epoch)  # noqa: S311 -- repeatable
    order = list(encoded)
    shuffler.shuffle(order)
    pools = [order[start : start + BATCH * 50] for start in range(0, len(order), BATCH * 50)]
    batches = []
    for pool in pools:
        pool.sort(key=lambda one: len(one.ids))
        batches += [pool[start : start + BATCH] for start in range(0, len(pool), BATCH)]
    shuffler.shuffle(batches)
    return batches


def _loss(net: TriageNet, batch: list[Encoded], chance: random.Random) -> torch.Tensor:
    mask_token = 103
    hidden = [
        [one.ids[0]]
        + [mask_token if chance.random() < WORDS_HIDDEN else token for token in one.ids[1:-1]]
        + [one.ids[-1]]
        for one in batch
    ]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = net(*_padded(hidden))
    outside = torch.tensor([float(one.label is None) for one in batch])
    loss = nn.functional.binary_cross_entropy_with_logits(found[:, -1].float(), outside)
    inside = [number for number, one in enumerate(batch) if one.label is not None]
    if inside:
        labels = torch.tensor([batch[number].label for number in inside])
        loss = loss + nn.functional.cross_entropy(
            found[inside, :-1].float(), labels, label_smoothing=SMOOTHING
        )
    return loss


def _padded(ids: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    length = max(map(len, ids))
    padded = torch.tensor([one + [0] * (length - len(one)) for one in ids])
    lengths = torch.tensor([len(one) for one in ids]).unsqueeze(1)
    return padded, (torch.arange(length) < lengths).long()


def _rate(step: int, *, steps: int) -> float:
    """Rises, stays, and falls to nothing: until it falls, how many steps there are may change."""
    cooling = steps * COOLING
    return max(0.0, min((step + 1) / WARM_UP_STEPS, 1.0, (steps - step) / cooling))


def _resume(
    checkpoint: Path,
    net: TriageNet,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> int:
    if not checkpoint.exists():
        return 0
    kept = torch.load(checkpoint)
    for part, state in zip((net, optimizer, schedule), kept["state"], strict=True):
        part.load_state_dict(state)
    return int(kept["step"])
