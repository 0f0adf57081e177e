"""How seeds are divided into the groups that are trained in lockstep, ever smaller if need be."""

import os

import joblib
import pytest
import tiny

from analysis import processes
from analysis.questions import q02, q06, q08, q09
from analysis.training import run, workers


def sizes(experiment, number, cores=2, **options):
    divided = run.groups(experiment, range(number), cores, **options)
    assert [seed for group in divided for seed in group] == list(range(number))
    return [len(group) for group in divided]


@pytest.mark.parametrize(
    "experiment, number, cores, expected",
    [
        (q02.SHEET, 100, 2, [10] * 10),
        (q02.SHEET, 10, 2, [5, 5]),
        (q02.SHEET, 10, 16, [1] * 10),
        (q02.SHEET, 1, 2, [1]),
        (q08.SHEET, 100, 2, [5] * 20),
        (q06.BY_SIZE[256], 10, 1, [2] * 5),
    ],
)
def test_groups_fit_the_cache_and_every_core_has_one(experiment, number, cores, expected):
    assert sizes(experiment, number, cores) == expected


def test_no_core_is_idle_while_others_train_an_odd_group():
    assert sizes(q08.BY_SIZE[1536], 10) == [3, 3, 2, 2]
    assert sizes(q08.BY_SIZE[1536], 10, cores=4) == [3, 3, 2, 2]
    assert sizes(q08.BY_SIZE[1536], 9, cores=4) == [3, 2, 2, 2]


def test_a_group_has_no_more_networks_than_it_may_have():
    assert sizes(q08.BY_SIZE[1536], 10, largest=2) == [2] * 5
    assert sizes(q02.SHEET, 20, largest=4) == [4] * 5


def test_convolutional_networks_train_alone():
    assert sizes(q09.SHEET, 3) == [1, 1, 1]


def test_a_core_without_a_seed_gets_no_group():
    assert sizes(tiny.experiment(), 3, cores=8) == [1, 1, 1]


@pytest.fixture
def train_on_cluster(monkeypatch):
    """Trains 12 networks on a cluster that has room for none; gives the sizes of groups sent."""
    monkeypatch.setenv(workers.SCHEDULER_VARIABLE, "tcp://127.0.0.1:9")
    monkeypatch.setattr(workers, "number_here", lambda: 2)

    def train(number_there, experiment):
        sent = []

        def train_groups(experiment, data, divide, cores, told):
            sent.append(max(map(len, divide(number_there))))
            raise workers.MemoryShortage("too little memory")

        monkeypatch.setattr(workers, "train_groups", train_groups)
        with pytest.raises(workers.MemoryShortage, match="the cluster's workers with more memory"):
            list(run.train(experiment, tiny.DATA, range(12), None))
        return sent

    return train


@pytest.mark.parametrize("number_there, sent", [(1, [6, 3, 2]), (3, [4, 2]), (20, [1])])
def test_a_cluster_without_memory_is_sent_no_group_again_that_failed(
    train_on_cluster, number_there, sent
):
    assert train_on_cluster(number_there, tiny.experiment()) == sent


def test_a_cluster_without_memory_for_one_convolutional_network_is_sent_it_once(train_on_cluster):
    assert train_on_cluster(3, q09.SHEET) == [1]


def grown() -> int:
    """In a worker: have loky find that it has grown; gives its process."""
    from joblib.externals.loky import process_executor

    process_executor._MAX_MEMORY_LEAK_SIZE = -(2**60)
    process_executor._MEMORY_LEAK_CHECK_DELAY = -1
    return os.getpid()


def test_a_worker_that_is_replaced_because_it_has_grown_is_nothing_to_warn_of(recwarn):
    pytest.importorskip("psutil", reason="without psutil, loky does not look at memory")
    with processes.processes_here():
        parallel = joblib.Parallel(n_jobs=2, batch_size=1, pre_dispatch="all")
        used = parallel(joblib.delayed(grown)() for _ in range(12))
    processes._end_workers()
    assert len(set(used)) > 2, "no worker was replaced"
    assert not recwarn.list
