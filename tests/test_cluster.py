"""Training on a Dask cluster: two real worker processes, one of which may be killed."""

import os
import signal
import threading
import time

import pytest
import tiny

from analysis import results
from analysis.training import run, workers

distributed = pytest.importorskip("distributed", reason="the 'cluster' extra is not installed")

pytestmark = [
    pytest.mark.usefixtures("tiny_file"),
    # Closing a cluster leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def cluster(monkeypatch):
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        monkeypatch.setenv(workers.SCHEDULER_VARIABLE, cluster.scheduler_address)
        yield cluster


def histories(experiment, folder):
    return {s: r["history"] for s, r in results.Ledger(experiment, folder).read().items()}


def test_a_cluster_gives_the_networks_that_this_machine_gives(cluster, tmp_path, monkeypatch):
    experiment = tiny.experiment(seeds=range(5))
    run.bring_up_to_date(experiment, tmp_path / "cluster")
    monkeypatch.delenv(workers.SCHEDULER_VARIABLE)
    run.bring_up_to_date(experiment, tmp_path / "here")
    assert histories(experiment, tmp_path / "cluster") == histories(experiment, tmp_path / "here")


def test_a_worker_with_other_software_is_refused_by_name(cluster, tmp_path, monkeypatch):
    ours = workers.machine.software()
    monkeypatch.setattr(workers.machine, "software", lambda: ours | {"tensorflow": "2.18.1"})
    with pytest.raises(workers.ClusterError) as error:
        run.bring_up_to_date(tiny.experiment(), tmp_path)
    addresses = cluster.scheduler_info["workers"]
    assert any(f"the worker {address} has" in str(error.value) for address in addresses)
    assert f"tensorflow {ours['tensorflow']}, not 2.18.1: install" in str(error.value)
    assert results.Ledger(tiny.experiment(), tmp_path).missing() == [0, 1, 2]


def test_a_killed_worker_costs_a_retry_and_no_result(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "LARGEST_GROUP", 2)
    experiment = tiny.experiment(seeds=range(12))
    ledger = results.Ledger(experiment, tmp_path)
    killed = []

    def kill_one_after_the_first_network():
        while not ledger.read():
            time.sleep(0.05)
        worker = next(iter(cluster.workers.values()))
        killed.append((worker.pid, len(ledger.read())))
        os.kill(worker.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one_after_the_first_network, daemon=True)
    killer.start()
    run.bring_up_to_date(experiment, tmp_path)
    killer.join()
    assert killed[0][1] < 12, "it was killed too late to test anything"
    assert ledger.missing() == []


def test_where_workers_are_killed_again_and_again_smaller_groups_are_tried(
    cluster, tmp_path, monkeypatch, capfd
):
    distributed.Client(cluster).run(_have_room_for_two)
    monkeypatch.setattr(run, "LARGEST_GROUP", 4)
    experiment = tiny.experiment(seeds=range(8))
    run.bring_up_to_date(experiment, tmp_path)
    assert results.Ledger(experiment, tmp_path).missing() == []
    assert "going on with groups of 2 on the cluster\n" in capfd.readouterr().err


def _have_room_for_two():
    """In a worker: raise what a cluster raises for larger groups."""
    from distributed import KilledWorker

    from analysis.training import engine

    train = engine.train

    def train_small(experiment, data, seeds, *rest):
        if len(seeds) > 2:
            raise KilledWorker("train", None, 0)
        return train(experiment, data, seeds, *rest)

    engine.train = train_small


def test_a_scheduler_that_does_not_answer_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 1)
    monkeypatch.setenv(workers.SCHEDULER_VARIABLE, "tcp://127.0.0.1:9")
    with pytest.raises(workers.ClusterError, match=r"tcp://127\.0\.0\.1:9.*unset"):
        run.bring_up_to_date(tiny.experiment(), tmp_path)


def test_a_scheduler_without_workers_is_an_error_that_says_how_to_start_some(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 1)
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as empty:
        monkeypatch.setenv(workers.SCHEDULER_VARIABLE, empty.scheduler_address)
        with pytest.raises(workers.ClusterError, match="dask worker"):
            run.bring_up_to_date(tiny.experiment(), tmp_path)
