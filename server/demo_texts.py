"""The people, firms and sentences of the demo: a coffee roaster that serves hotels, cafés and offices."""

from typing import Any


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|" if "|" in text else " "))


DEPARTMENTS = ("Sales", "Support", "Accounts", "Field service")
TEAM = (  # name, role, department, language; the first one owns the workspace
    ("Marcos Vidal", "owner", "Sales", "en"),
    ("Ana Beltrán", "manager", "Sales", "es"),
    ("Oliver Banks", "member", "Sales", "en"),
    ("Mateo Ríos", "member", "Support", "es"),
    ("Priya Raman", "manager", "Support", "en"),
    ("Henry Walsh", "member", "Support", "en"),
    ("Tom Whitfield", "admin", "Accounts", "en"),
    ("Inés Okafor", "member", "Accounts", "es"),
    ("Daniel Osei", "member", "Field service", "en"),
    ("Elena Prats", "member", "Field service", "es"),
)
FIELDS = (  # label, kind, choices
    ("Plan", "choice", ("House blend", "Single origin", "Full service")),
    ("Customer since", "date", ()),
    ("Monthly value", "number", ()),
    ("Newsletter", "yes_no", ()),
    ("Machine", "text", ()),
)
COMPANIES_ES = _listed(
    "Hoteles Almadraba|Librería El Faro|Café Rosaleda|Balneario Lagarza|Academia Sotillo|"
    "Residencia Las Encinas|Panadería Montesol|Hostal Puerta Real|Bodegas Valdecuna|Teatro Circo|"
    "Clínica Alameda|Mercado de San Roque|Gestoría Iturralde|Restaurante La Noria|Posada del Cierzo|"
    "Coworking Adarve|Hotel Brisa Norte|Talleres Aranda|Pastelería Olmedo|Escuela Mirabel"
)
COMPANIES_EN = _listed(
    "Brightwater Cafés|Kestrel Offices|Lantern Hostels|Nordlys Bakery|Old Mill Dining|Harbour House Hotel|"
    "Fernside Clinic|The Copper Kettle|Linden Street Books|Wexcombe College|Tidewater Spa|Marlow & Finch|"
    "Pinewood Care|Station Yard Studios|Greenway Cycles|Rookery Farm Shop|Bluebell Nursery|Quayside Kitchen|"
    "Stonebridge Theatre|Heron Lodge"
)
FIRST_ES = _listed(
    "Lucía Carmen Rafael Nuria Íñigo Begoña Álvaro Sofía Pablo Marta Jaime Rocío Andrés Pilar Hugo Teresa "
    "Gonzalo Aitana Iván Noelia Óscar Leire Rubén Clara"
)
LAST_ES = _listed(
    "Ferrer Ibáñez Soto Cabrales Muñoz Echeverría Peña Quintana Salgado Rebollo Núñez Castaño Vergara Lozano "
    "Zúñiga Carrasco Olmos Barrera Ugarte Valls"
)
FIRST_EN = _listed(
    "Harriet Edward Grace Callum Imogen Rory Felicity Owen Beatrice Duncan Niamh Toby Alice Freddie Margaret "
    "Isla Jasper Eleanor Hamish Poppy Zadie Rowan Amara Leonard"
)
LAST_EN = _listed(
    "Cole Hughes Pemberton Ashworth Fraser Lindqvist Doyle Achebe Holloway Marsh Kendrick Sutton Whitby "
    "Baines Calder Thorne Okoye Penrose Gallagher Reid"
)
FIRST_CUSTOMERS = (  # name, company: those who stand at the top of every list
    ("Lucía Ferrer", "Hoteles Almadraba"),
    ("Harriet Cole", "Brightwater Cafés"),
    ("Carmen Ibáñez", "Librería El Faro"),
    ("Rafael Soto", "Café Rosaleda"),
    ("Nuria Cabrales", "Balneario Lagarza"),
    ("Edward Hughes", "Kestrel Offices"),
)
KEPT_BY_OWNER: dict[
    str, dict[str, Any]
] = {  # those whom the owner of the workspace looks after, and what is known of them
    "Lucía Ferrer": {
        "title": "Head of operations",
        "addresses": "Calle Ancha 14, 11001 Cádiz",
        "tags": ["hotel", "renewal", "vip"],
        "x.machine": "Linea 2-group",
        "x.monthly_value": 1150,
    },
    "Harriet Cole": {"title": "Owner", "addresses": "3 Harbour Row, Brightwater", "tags": ["café", "renewal"]},
    "Carmen Ibáñez": {"title": "Dirección", "tags": ["café"]},
    "Rafael Soto": {"tags": ["at risk"]},
}
ADDRESSES_ES = ("Calle Ancha 14, 11001 Cádiz", "Plaza del Olmo 3, 37001 Salamanca", "Paseo del Río 22, 50002 Zaragoza")
ADDRESSES_EN = ("3 Harbour Row, Brightwater", "18 Linden Street, Wexcombe", "The Old Mill, Mill Lane, Fernside")
ROLES_ES = ("Dirección", "Compras", "Jefa de sala", "Recepción", "Administración", "Mantenimiento", "Cocina")
ROLES_EN = ("Owner", "Purchasing", "Front of house", "Reception", "Accounts payable", "Facilities", "Head chef")
TAGS = ("vip", "renewal", "hotel", "café", "office", "wholesale", "events", "at risk", "referral")
MACHINES = ("Linea 2-group", "Faema E61", "Office Duo", "Batch brewer", "Own machine", "")
NOTES_EN = (
    "Called about the January delivery. They want it a day earlier, before the weekend rush.",
    "Tasted the new Huila with the whole team. **Two of three** would switch if the price holds.",
    "Invoice from last month was paid twice. Accounts will credit it with the next one.",
    "The grinder is noisy again. Daniel looked at it on Tuesday; a new burr set is on its way.",
    "Prefers mail in the morning and calls after four.",
    "They open a second branch in spring and asked for an offer for two machines.",
    "Asked whether we can take back the old grounds. Yes, with the empty crates.",
    "Renewal talk went well. Wants the same plan with decaf added.",
)
NOTES_ES = (
    "Ha llamado por el pedido de enero: lo necesitan un día antes, por el puente.",
    "Cata con el equipo de sala. El Huila ha gustado mucho; el descafeinado, menos.",
    "La factura de octubre está duplicada. Inés prepara el abono.",
    "El molino hace ruido otra vez. Elena pasa el jueves con el juego de muelas.",
    "Mejor por correo a primera hora; por teléfono, a partir de las cuatro.",
    "Abren otro local en primavera y piden presupuesto para dos máquinas.",
    "Pregunta si recogemos los posos. Sí, con las cajas vacías.",
    "La renovación va bien: el mismo plan y algo de descafeinado.",
)
TASKS = (
    "Send the offer for two machines",
    "Confirm January delivery",
    "Call back about the invoice",
    "Bring the new burr set",
    "Renew the yearly plan",
    "Enviar el presupuesto de primavera",
    "Confirmar la entrega de enero",
    "Llamar por la factura duplicada",
    "Revisar el molino",
    "Mandar muestras de descafeinado",
    "Collect the empty crates",
    "Plan the tasting on Friday",
    "Check the water filter",
    "Ask who signs now",
    "Preparar la formación de sala",
    "Pedir la dirección de envío",
    "Cambiar la fecha del reparto",
)
HANDED = (
    "You know the machine better than I do. They are there until six.",
    "The money side is yours; the rest is agreed.",
    "Te lo paso porque hablas con ella esta tarde.",
    "Solo falta la fecha: lo demás está hablado.",
)
