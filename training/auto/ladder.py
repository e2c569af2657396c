"""The models that `recolake evaluate` knows, cheapest first. A new model is one entry here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from recolake.errors import InvalidInputError
from training.auto.facts import Facts
from training.auto.rung import Cost, Knob, Rung
from training.benchmark.log import Clock
from training.benchmark.problem import Target
from training.models.content_popularity.config import Config as ContentConfig
from training.models.content_popularity.model import ContentPopularity
from training.models.ease.config import Config as EaseConfig
from training.models.ease.model import MOST_ITEMS, Ease
from training.models.graph_filter.config import Config as FilterConfig
from training.models.graph_filter.model import GraphFilter
from training.models.item_knn.model import ItemKnn
from training.models.lightgcn.config import Config as NetworkConfig
from training.models.lightgcn.model import LightGcn
from training.models.lightgcn.training import steps
from training.models.markov.config import Config as MarkovConfig
from training.models.markov.model import Markov
from training.models.matrix_factorization.config import Config as FactorizationConfig
from training.models.matrix_factorization.model import MatrixFactorization
from training.models.multi_interest.config import Config as InterestConfig
from training.models.multi_interest.model import MultiInterest
from training.models.own_frequency.model import OwnFrequency
from training.models.popularity.model import Popularity
from training.models.recent_popularity.model import RecentPopularity
from training.models.sasrec.config import Config as SasRecConfig
from training.models.sasrec.model import SasRec
from training.models.second_stage.config import Config as StageConfig
from training.models.second_stage.examples import MOST_USERS
from training.models.second_stage.first_stage import SIGNALS
from training.models.second_stage.model import SecondStage
from training.models.sequential.config import SequentialConfig
from training.models.two_tower.config import Config as TowersConfig
from training.models.two_tower.model import TwoTower

AUTO = "auto"
SECOND_STAGE = "second-stage"
_HALF_LIVES = (7.0, 15.0, 30.0, 60.0, 120.0, 240.0, None)
# Of steps: how many later events halve what an earlier one counts.
_HALF_LIVES_IN_STEPS = (2.0, 5.0, 10.0, 20.0, 50.0, None)


class RecentConfig(BaseModel):
    """Recent popularity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=30, ge=1, description="How far it looks back")


class NeighbourConfig(BaseModel):
    """Item-to-item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    neighbours: int = Field(default=100, ge=1, description="Similar items that an item keeps")
    shrinkage: float = Field(default=10.0, gt=0, description="Holds down what few people say")


def _half_life(facts: Facts) -> tuple[Knob, ...]:
    if facts.clock is Clock.NONE:
        return ()
    return (Knob("half_life_days", _HALF_LIVES if facts.clock is Clock.TIMES else _HALF_LIVES_IN_STEPS),)


def _sizes(facts: Facts, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Those dimensions that are small beside the data's own."""
    return tuple(size for size in sizes if 3 * size <= min(facts.users, facts.items))


def _needs_order(facts: Facts) -> str | None:
    return None if facts.timed else "it needs an order of events"


def _needs_categories(facts: Facts) -> str | None:
    items = facts.described.items
    return None if items is not None and items.kinds.any() else "it needs --items with categories"


def _sequences(facts: Facts) -> dict[str, int]:
    """Small data needs small batches, to have steps enough."""
    places = min(max(facts.entries // 100, 256), 2_048)
    return {"dimension": max(_sizes(facts, (16, 32, 64, 128, 256)), default=16), "batch_places": places}


def _work_of_sequences(facts: Facts, config: SequentialConfig, products: int) -> float:
    """A few large products of dense matrices, which run ten times as fast as what the other models do.

    `products`: how many of d by d there are a place.
    """
    compared = facts.items if facts.items <= config.all_items_up_to else config.negatives
    of_a_place = config.dimension * (products * config.dimension + compared)
    return 0.4 * config.epochs * facts.entries * of_a_place


def _towers(facts: Facts) -> TowersConfig:
    """An epoch has at least so many steps, however few users there are."""
    return TowersConfig(
        dimension=max(_sizes(facts, (16, 32, 64, 128)), default=16),
        batch_users=min(max(facts.users // 24, 32), 256),
        id_dropout=0.0 if facts.described.items is None else 0.25,
    )


def _knobs_of_towers(facts: Facts) -> tuple[Knob, ...]:
    knobs = [
        Knob("history_dropout", (0.15, 0.3, 0.5, 0.7)),
        Knob("dimension", _sizes(facts, (32, 64, 128, 256))),
    ]
    if facts.described.items is not None:
        knobs = [Knob("id_dropout", (0.0, 0.25, 0.5, 0.75, 0.9)), *knobs]
        knobs.append(Knob("feature_decay", (0.0, 0.1, 1.0, 10.0)))
    return tuple(knobs)


def _work_of_towers(facts: Facts, config: TowersConfig) -> float:
    """A large dense product, which runs fast, and sparse sums over what is known."""
    compared = facts.items
    if facts.items > config.all_items_up_to:
        compared = min(facts.items, config.drawn_evenly + config.batch_users * config.most_targets)
    return config.epochs * config.dimension * (2.4 * facts.users * compared + 100.0 * facts.entries)


def _no_second_stage(facts: Facts) -> str | None:
    if facts.clock is not Clock.TIMES:
        return "it needs timestamps"
    return "what is to be ranked is given, so there is no first stage" if facts.given else None


def _work_of_second_stage(facts: Facts, config: StageConfig) -> float:
    """A first stage for each window and one for the present, scores of all their people; then the networks.

    Large products of dense matrices run several times as fast as what the other models do.
    """
    people = min(facts.users, MOST_USERS)
    stage = 16.0 * SIGNALS * (facts.entries + (facts.users + facts.items) * SIGNALS)
    stage += facts.entries**2 / facts.users + 100.0 * facts.items**2 + 1e3 * people * facts.items
    if facts.items <= MOST_ITEMS:
        stage += 0.2 * facts.items**3
    # Some 50 rows a person of some 100 numbers each.
    learning = 40.0 * config.members * config.epochs * config.hidden * 100.0 * people
    return (config.windows + 1) * stage + config.windows * learning


LADDER: tuple[Rung, ...] = (
    Rung("popularity", Cost.COUNTING, lambda config, tools: Popularity()),
    Rung(
        "recent",
        Cost.COUNTING,
        lambda config, tools: RecentPopularity(config.days),
        start=lambda facts: RecentConfig(),
        knobs=lambda facts: (Knob("days", (3, 7, 14, 30, 60, 120)),),
        refuses=lambda facts: None if facts.clock is Clock.TIMES else "it needs timestamps",
    ),
    Rung("own-frequency", Cost.COUNTING, lambda config, tools: OwnFrequency()),
    Rung(
        "content-popularity",
        Cost.COUNTING,
        lambda config, tools: ContentPopularity(tools.described.items, config),
        start=lambda facts: ContentConfig(),
        knobs=lambda facts: (Knob("shrinkage", (0.0, 1.0, 3.0, 10.0, 30.0)),),
        refuses=_needs_categories,
    ),
    Rung(
        "itemknn",
        Cost.CLOSED_FORM,
        lambda config, tools: ItemKnn(config.neighbours, config.shrinkage),
        start=lambda facts: NeighbourConfig(),
        knobs=lambda facts: (
            Knob("neighbours", (20, 50, 100, 200, 400)),
            Knob("shrinkage", (1.0, 10.0, 30.0, 100.0)),
        ),
        work=lambda facts, config: facts.entries**2 / facts.users + 100.0 * facts.items**2,
    ),
    Rung(
        "markov",
        Cost.CLOSED_FORM,
        lambda config, tools: Markov(config, tools.pairs),
        part=lambda config: (config.reach, config.reach_decay, config.backward),
        start=lambda facts: MarkovConfig(),
        knobs=lambda facts: (
            Knob("history_decay", (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)),
            Knob("source_exponent", (0.0, 0.25, 0.5, 0.75, 1.0)),
            Knob("popularity_exponent", (0.0, 0.1, 0.2, 0.3, 0.5)),
            Knob("reach_decay", (0.5, 0.65, 0.8, 0.9)),
            Knob("backward", (0.0, 0.15, 0.3, 0.5, 1.0)),
            Knob("reach", (1, 3, 10, 20)),
        ),
        work=lambda facts, config: 100.0 * facts.entries * config.reach,
        refuses=_needs_order,
    ),
    Rung(
        "graph-filter",
        Cost.CLOSED_FORM,
        lambda config, tools: GraphFilter(config, tools.seed, tools.spectra),
        part=lambda config: (config.user_exponent, config.item_exponent, config.rank),
        start=lambda facts: FilterConfig(rank=max(_sizes(facts, (32, 64, 128, 256, 512)), default=32)),
        # First what needs no new spectrum.
        knobs=lambda facts: (
            *_half_life(facts),
            Knob("popularity_exponent", (-0.15, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)),
            Knob("tail", (0.0, 0.15, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)),
            Knob("bend", (0.0, 0.25, 0.5, 1.0)),
            Knob("cutoff", (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)),
            Knob("user_exponent", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)),
            Knob("item_exponent", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)),
            Knob("rank", _sizes(facts, (32, 64, 128, 256, 512, 1024))),
        ),
        work=lambda facts, config: (
            16.0 * config.rank * (facts.entries + (facts.users + facts.items) * config.rank)
        ),
    ),
    Rung(
        "ease",
        Cost.CLOSED_FORM,
        lambda config, tools: Ease(config, tools.ease),
        part=lambda config: config.model_copy(update={"half_life_days": None}),
        start=lambda facts: EaseConfig(),
        knobs=lambda facts: (
            *_half_life(facts),
            Knob("regularization", (10.0, 30.0, 100.0, 200.0, 300.0, 500.0, 1000.0, 2000.0, 5000.0)),
            Knob("user_exponent", (-0.5, -0.25, 0.0, 0.25, 0.5)),
            Knob("dropout", (0.0, 0.25, 0.5, 0.7)),
        ),
        work=lambda facts, config: 2.0 * facts.items**3 + facts.entries**2 / facts.users,
        refuses=lambda facts: (
            f"it inverts a matrix of all items, and {facts.items} are more than {MOST_ITEMS}"
            if facts.items > MOST_ITEMS
            else None
        ),
    ),
    Rung(
        "mf",
        Cost.ITERATED,
        lambda config, tools: MatrixFactorization(config, tools.seed),
        start=lambda facts: FactorizationConfig(
            half_life_days=None, factors=max(_sizes(facts, (16, 32, 64)), default=16)
        ),
        knobs=lambda facts: (
            *_half_life(facts),
            Knob("regularization", (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)),
            Knob("alpha", (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)),
            Knob("factors", _sizes(facts, (16, 32, 64, 128, 256))),
            Knob("iterations", (6, 12, 24)),
        ),
        work=lambda facts, config: (
            config.iterations
            * (4.0 * facts.entries * config.factors**2 + (facts.users + facts.items) * config.factors**3)
        ),
    ),
    Rung(
        "two-tower",
        Cost.ITERATED,
        lambda config, tools: TwoTower(
            config,
            tools.seed,
            checkpoints=tools.checkpoints,
            progress=tools.progress,
            described=tools.described,
        ),
        start=_towers,
        knobs=_knobs_of_towers,
        work=_work_of_towers,
        reads_users=True,
    ),
    Rung(
        "lightgcn",
        Cost.ITERATED,
        lambda config, tools: LightGcn(
            config, tools.seed, checkpoints=tools.checkpoints, progress=tools.progress
        ),
        start=lambda facts: NetworkConfig(factors=max(_sizes(facts, (16, 32, 64, 128, 256)), default=16)),
        knobs=lambda facts: (
            Knob("temperature", (0.05, 0.07, 0.1, 0.15, 0.2, 0.3)),
            Knob("layers", (1, 2, 3)),
        ),
        # A step of the graph is sparse, so it takes as long as ten times as many operations of another kind.
        work=lambda facts, config: (
            config.epochs
            * facts.entries
            * config.factors
            * (6.0 * config.negatives + 160.0 * config.layers * steps(facts.entries, config))
        ),
    ),
    Rung(
        "multi-interest",
        Cost.DEEP,
        lambda config, tools: MultiInterest(
            config, tools.seed, checkpoints=tools.checkpoints, progress=tools.progress
        ),
        start=lambda facts: InterestConfig(**_sequences(facts)),
        knobs=lambda facts: (Knob("interests", (1, 2, 4, 8)), Knob("longest", (20, 50, 100, 200))),
        work=lambda facts, config: _work_of_sequences(facts, config, config.interests),
        refuses=_needs_order,
    ),
    Rung(
        SECOND_STAGE,
        Cost.DEEP,
        lambda config, tools: SecondStage(config, tools.seed),
        start=lambda facts: StageConfig(again=facts.target is Target.ALL),
        work=_work_of_second_stage,
        refuses=_no_second_stage,
        second=True,
    ),
    Rung(
        "sasrec",
        Cost.DEEP,
        lambda config, tools: SasRec(
            config, tools.seed, checkpoints=tools.checkpoints, progress=tools.progress
        ),
        start=lambda facts: SasRecConfig(**_sequences(facts)),
        knobs=lambda facts: (
            Knob("item_dropout", (0.1, 0.3, 0.5)),
            Knob("longest", (20, 50, 100, 200)),
        ),
        work=lambda facts, config: _work_of_sequences(facts, config, 10 * config.layers),
        refuses=_needs_order,
    ),
)
NAMES = (*(rung.name for rung in LADDER), AUTO)


def rungs(name: str) -> tuple[Rung, ...]:
    """The one of that name, or all for `auto`.

    Raises:
        InvalidInputError: there is none; the hint lists them.
    """
    if name == AUTO:
        return LADDER
    found = tuple(rung for rung in LADDER if rung.name == name)
    if not found:
        raise InvalidInputError(
            f"There is no model {name}.", hint=f"Models: {', '.join(NAMES)}.", field="model"
        )
    return found
