import features.contract as contract
from routing.contact import Channel, ContactReason
from routing.tasks import FIRST_POOL_WAIT_SECONDS, Stage, Task, route_to, task_of


def test_the_words_are_those_of_the_data_contract() -> None:
    assert [str(stage) for stage in Stage] == [str(stage) for stage in contract.Stage]
    assert tuple(Channel) == contract.CONTACT_CHANNELS
    assert tuple(ContactReason) == contract.REASONS


def test_each_stage_has_the_task_that_fits_it() -> None:
    assert [task_of(stage) for stage in Stage] == [
        Task.LEAD_DEVELOPMENT,
        Task.SALES,
        Task.ONBOARDING,
        Task.SERVICE,
    ]
    assert task_of("dragon") is Task.SERVICE


def test_the_first_group_is_served_first_and_falls_back_to_everybody() -> None:
    route = route_to(Task.SALES, group=0)
    assert (route.queue, route.priority) == ("sales_first", 1)
    assert [(f.queue, f.after_seconds) for f in route.fallbacks] == [
        ("sales_any", FIRST_POOL_WAIT_SECONDS)
    ]


def test_every_other_group_stands_behind_in_the_common_queue() -> None:
    routes = [route_to(Task.SALES, group=group) for group in (1, 2)]
    assert [(r.queue, r.priority, r.fallbacks) for r in routes] == [
        ("sales_any", 2, ()),
        ("sales_any", 3, ()),
    ]
