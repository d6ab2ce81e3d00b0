"""Tasks: what is to be done, by whom, until when; and how it is handed from one department to another."""

from server.kit.domain import Domain, Nav, Panel
from server.tasks import api, homes, live, reactions, resources, web  # noqa: F401  some register themselves
from server.tasks.access import may_hear_task, may_hear_tasks
from server.tasks.actions import assign_task, create_task, finish_task, hand_over_task, reopen_task
from server.tasks.queries import count_waiting

domain = Domain(
    name="tasks",
    routes=[*web.routes, *resources.routes, *api.routes],
    topics={"task": may_hear_task, "tasks": may_hear_tasks},
    verbs={
        "task.create": create_task,
        "task.assign": assign_task,
        "task.finish": finish_task,
        "task.reopen": reopen_task,
        "task.hand_over": hand_over_task,
    },
    panels=[
        Panel(
            ("contact", "company"), "facts", "tasks", "tasks/_panel.html", web.load_panel, "/panels/tasks?about={about}"
        )
    ],
    nav=[Nav("Tasks", "/tasks", "circle-check", 30, badge=count_waiting)],
)
