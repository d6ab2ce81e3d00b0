"""What is said and done in the demo by name: the talk in rooms, beside records and between two, and Marcos's own week.

A moment is "40m" (minutes ago) or "2d 09:05" (days ago, at that time)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    at: str
    who: str  # a first name
    text: str
    signs: tuple[tuple[str, str], ...] = ()  # emoji, first names
    replies: tuple[tuple[str, str, str], ...] = ()  # moment, first name, text


ROOMS: tuple[tuple[str, str, tuple[Line, ...]], ...] = (
    (
        "general",
        "",
        (
            Line("6d 09:02", "Marcos", "Good morning. New people, new mugs: the blue ones are for everybody."),
            Line("6d 09:10", "Inés", "Gracias. La mía ya tiene café.", (("😂", "Ana Tom Priya"),)),
            Line("3d 16:20", "Tom", "Expenses until Thursday, please. After that they wait for January."),
            Line("3d 16:24", "Daniel", "Van 1 has a new clutch, so mine are long.", (("👀", "Tom"),)),
            Line("1d 08:55", "Elena", "¿Alguien tiene las llaves del almacén pequeño?"),
            Line("1d 09:01", "Henry", "In the drawer under the till.", (("🙏", "Elena"),)),
            Line(
                "70m",
                "Ana",
                "Hoteles Almadraba firma hoy. @Marcos Vidal ¿quién lleva el brindis?",
                (("🎉", "Priya Mateo Tom Inés"), ("👏", "Oliver")),
                (
                    ("64m", "Mateo", "Yo pongo el café."),
                    ("58m", "Priya", "And I bring the cake, but only after the signature."),
                    ("51m", "Ana", "Trato hecho."),
                ),
            ),
            Line("33m", "Oliver", "Brightwater asks for a tasting on Friday, twelve people. The long table?"),
            Line("26m", "Inés", "Reservada. Que nadie ponga reuniones a las cinco.", (("👍", "Oliver Marcos"),)),
        ),
    ),
    (
        "Roastery",
        "Roasting, deliveries, tastings",
        (
            Line("4d 08:05", "Daniel", "Good morning. The roaster is back after the service, first batch at ten."),
            Line("4d 08:20", "Elena", "¡Buenas! El reparto de la costa sale hoy media hora más tarde."),
            Line("4d 08:31", "Henry", "Thanks, I will tell the two hotels.", (("👍", "Elena"),)),
            Line("2d 11:00", "Priya", "The tasting on Friday starts at five. Bring a customer if you like."),
            Line("2d 11:08", "Ana", "Yo voy con Hoteles Almadraba, seremos tres.", (("✅", "Priya"),)),
            Line("2d 11:10", "Priya", "Noted: three more cups."),
            Line("1d 17:40", "Tom", "Invoices of the month go out tonight. Tell me if one should wait."),
            Line("1d 17:52", "Oliver", "Kestrel Offices should wait, they move on the first.", (("👍", "Tom"),)),
        ),
    ),
    (
        "Renewals",
        "Plans that end in the next eight weeks",
        (
            Line("5d 10:00", "Ana", "Eleven plans end before the new year. I put a task on each."),
            Line("5d 10:12", "Oliver", "Brightwater is ready to sign, they only want decaf in it."),
            Line("5d 10:15", "Marcos", "Then I send the paper today.", (("🔥", "Ana Oliver"),)),
            Line("45m", "Mateo", "Balneario Lagarza duda por el precio. ¿Tenemos margen?"),
            Line("41m", "Ana", "Five per cent if they take the yearly one."),
            Line("38m", "Mateo", "Perfecto, se lo digo esta tarde."),
        ),
    ),
    (
        "Field service",
        "Routes, machines, spare parts",
        (
            Line("2d 08:10", "Daniel", "Burr sets arrived, six of them on the shelf by the door."),
            Line("2d 08:25", "Elena", "Cojo dos para mañana: Rosaleda y El Faro.", (("👍", "Daniel"),)),
            Line("1d 09:30", "Daniel", "Lantern Hostels: pressure valve again. I go past at noon."),
            Line("1d 09:41", "Henry", "If it is the same valve, bring the old one back, it is under warranty."),
            Line("1d 18:02", "Elena", "Hecho. La ruta del norte queda para el jueves."),
        ),
    ),
)
DISCUSSIONS: tuple[tuple[int, tuple[Line, ...]], ...] = (  # number of the customer
    (
        0,
        (
            Line("1d 12:10", "Tom", "She asked whether the deposit can be paid in two parts."),
            Line("1d 12:14", "Marcos", "Ask Priya: she does the January run."),
            Line("95m", "Mateo", "Se lo he dejado claro: si firma hoy, Tarifa va primero.", (("👍", "Ana"),)),
            Line("88m", "Priya", "@Marcos Vidal January is fine for me. 15th, not later."),
            Line("80m", "Ana", "Fixed her phone, two digits were swapped."),
        ),
    ),
    (
        1,
        (
            Line("2d 15:00", "Oliver", "They want decaf in the plan and the same price. I said: decaf yes."),
            Line("2d 15:12", "Marcos", "Right. The price holds for a year, tell her that."),
        ),
    ),
    (3, (Line("1d 13:30", "Elena", "El molino aguanta hasta el jueves, no más."),)),
)
DIRECTS: tuple[tuple[str, str, tuple[Line, ...]], ...] = (
    (
        "Ana",
        "Marcos",
        (
            Line("1d 18:15", "Ana", "¿Vienes mañana a la firma de Almadraba?"),
            Line("1d 18:22", "Marcos", "Sí. I drive, you hold the cake."),
            Line("36m", "Ana", "Ha preguntado si puedes llegar diez minutos antes."),
        ),
    ),
    (
        "Tom",
        "Marcos",
        (
            Line("2d 10:00", "Marcos", "Can Almadraba pay the deposit in two parts?"),
            Line("2d 10:20", "Tom", "If the second one is in January, yes.", (("🙏", "Marcos"),)),
        ),
    ),
)
NOTES: tuple[tuple[str, str, int, str], ...] = (  # moment, first name, number of the customer, text
    (
        "1d 12:02",
        "Tom",
        0,
        "@Priya Raman pressure in Tarifa is fine, so fitting on 2 December is realistic. Can we invoice the deposit "
        "in two parts? She asked twice on the call.",
    ),
    (
        "2h",
        "Mateo",
        0,
        "Llamada de Lucía. Quiere **dos máquinas en Tarifa** antes del puente:\n\n- montaje el 2 de diciembre\n"
        "- formación para seis personas\n- segundo plazo en enero",
    ),
    ("50m", "Ana", 0, "El contrato está en su correo. Lo firma esta tarde. @Marcos Vidal ¿le llamas tú a las seis?"),
    ("3h", "Priya", 1, "Harriet is happy with the new grinder. She will send two colleagues to the training."),
)


COMPANY_NOTES: tuple[tuple[str, str, str, str], ...] = (  # moment, first name, company, text
    ("21d 10:30", "Ana", "Hoteles Almadraba", "Tres hoteles: Cádiz, Conil y, desde diciembre, **Tarifa**."),
    (
        "9d 16:05",
        "Tom",
        "Hoteles Almadraba",
        "Pays on the day. One invoice for all three, with the hotel in each line.",
    ),
    ("2d 12:40", "Elena", "Hoteles Almadraba", "En Conil la toma de agua está a la izquierda de la barra."),
    ("5h", "Priya", "Hoteles Almadraba", "Deliveries before eight, by the back door. Ask for Lucía or for reception."),
    ("14d 11:00", "Oliver", "Brightwater Cafés", "Four branches. Harriet decides, her brother signs."),
    ("1d 10:15", "Daniel", "Brightwater Cafés", "The branch by the station needs a second grinder in spring."),
    ("6d 09:40", "Mateo", "Café Rosaleda", "Cierran los lunes. Mejor pasar por la tarde."),
    ("3d 13:20", "Ana", "Librería El Faro", "Ponen café en las presentaciones, unas dos al mes."),
)


@dataclass(frozen=True, slots=True)
class Job:
    title: str
    customer: int | None
    giver: str
    taker: str
    due: int | None  # days from today
    steps: tuple[str, ...] = ()
    ticked: int = 0
    notes: str = ""
    priority: str = "normal"
    asked: str = "4d 10:00"
    done: str = ""  # a moment
    handed: tuple[str, str, str] = field(default=("", "", ""))  # moment, to whom, the sentence


JOBS = (
    Job("Return missed call", 3, "Mateo", "Marcos", -3, asked="5d 12:00", priority="high"),
    Job("Engineer visit: confirm Tuesday", 4, "Elena", "Marcos", -1),
    Job(
        "Confirm January instalment", 0, "Priya", "Marcos", 0, notes="The 15th at the latest. Tom needs it in writing."
    ),
    Job("Call about the corner site", 2, "Ana", "Marcos", 0),
    Job(
        "Renewal pack for Brightwater",
        1,
        "Marcos",
        "Marcos",
        0,
        ("Price list", "Decaf samples", "Contract for a year", "Photos of the bar", "Cover letter"),
        3,
        "Same plan, decaf added. **The price holds for a year.**",
        "urgent",
    ),
    Job("Send second quote", 5, "Oliver", "Marcos", 1),
    Job("Quarterly review", 1, "Marcos", "Marcos", 4, ("Figures from Tom", "Room", "Invitation"), 1),
    Job("Book second site visit", 5, "Inés", "Marcos", 9),
    Job("Try the new cups", None, "Marcos", "Marcos", None),
    Job("Send welcome message", 2, "Marcos", "Marcos", 0, done="110m"),
    Job("Check water pressure in Tarifa", 0, "Marcos", "Marcos", 0, done="150m"),
    Job("Ask for photos of the bar", 1, "Marcos", "Marcos", 0, done="1d 11:00"),
    Job("Book fitters for Tarifa", 0, "Marcos", "Tom", 3, ("Two fitters", "Van 2", "Ferry"), 1),
    Job("Send training dates", 0, "Marcos", "Ana", 5),
    Job("Swap the grinder", 3, "Marcos", "Elena", 1, priority="high"),
    Job(
        "Prepare the Tarifa contract",
        0,
        "Ana",
        "Mateo",
        1,
        handed=("75m", "Marcos", "Client signs today, take it from here."),
    ),
)
CLOSED = (12, "Personal details of the heirs: only Accounts and Marcos.")  # a customer that few may see, and a note
TRASHED = 13
VIEWS = (
    ("Renewals", "tag=renewal", True),
    ("At risk", "tag=at+risk&sort=-active", True),
    ("My hotels", "tag=hotel&owner=me", False),
)

# when, who called, the customer's number, how (video, audio, in, out), with whom or what came of it, minutes, note
CALLS: tuple[tuple[str, str, int, str, str, int, str], ...] = (
    ("12d 10:30", "Mateo", 0, "video", "Ana", 22, ""),
    ("9d 16:05", "Ana", 3, "out", "talked", 9, "Wants decaf in the same order from now on."),
    ("6d 11:40", "Priya", 5, "in", "nobody", 0, ""),
    ("6d 12:15", "Priya", 5, "out", "talked", 6, "The grinder is too loud; I look for a slot."),
    ("3d 17:20", "Mateo", 2, "out", "voicemail", 1, "Asked her to call back."),
    ("1d 09:45", "Ana", 0, "video", "Mateo", 14, ""),
    ("3h", "Marcos", 1, "audio", "Priya", 8, ""),
)
