"""Timeline: one stream for each record, the notes and files in it, and the composer below."""

from server.kit.domain import Domain, Panel
from server.timeline import api, jobs, live, reactions, uploads, web  # noqa: F401  these register themselves
from server.timeline.actions import add_file, create_note, edit_note

RECORDS = ("contact", "company")

domain = Domain(
    name="timeline",
    routes=[*web.routes, *uploads.routes, *api.routes],
    verbs={"note.create": create_note, "note.edit": edit_note, "file.add": add_file},
    panels=[
        Panel(RECORDS, "centre", "timeline", "timeline/_timeline.html", web.load_panel, "/timeline/{about}"),
        Panel(RECORDS, "facts", "files", "timeline/_files.html", web.load_files, "/panels/files?about={about}"),
        Panel(RECORDS, "notes", "notes", "timeline/_notes.html", web.load_notes, "/panels/notes?about={about}"),
    ],
)
