"""The words that invented people and places are named with."""

from __future__ import annotations


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


FIRST_NAMES = listed(
    "Aaron Adele Agnes Alba Alan Alice Amir Amy Andre Anita Anna Anton Arjun Asha Bela Bianca "
    "Boris Brenda Bruno Carla Carlos Cecil Chloe Clara Cora Cyrus Dana Daria David Diego Dora "
    "Edgar Elena Elias Ella Emil Erin Esther Ethan Farid Fiona Flora Frank Gerda Grace Hana "
    "Hector Helen Hugo Ines Irene Isaac Ivan Jack Jana Jasper Joana Josef Julia Karim Kate Lara "
    "Laszlo Lena Leo Linda Lucas Luisa Magda Marco Maria Marta Milan Mina Nadia Nora Oleg Olga "
    "Omar Oscar Paula Pedro Petra Priya Ramon Rita Robert Rosa Ruben Ruth Samir Sara Simon "
    "Sofia Tara Teresa Thomas Tina Victor Vera Walter Wanda Yusuf Zara"
)

SURNAMES = listed(
    "Abbott Adair Alvarez Ames Archer Baker Barlow Bauer Becker Bell Bishop Blake Bond Brandt "
    "Brooks Burke Byrne Calder Cardoso Castro Chan Clark Cole Cooper Costa Cox Cruz Dalton "
    "Darcy Dean Delgado Dixon Doyle Drake Duarte Eaton Ellis Evans Farrow Fields Fisher Flores "
    "Foley Ford Foster Fox Frost Garcia Gibbs Gomez Grant Greene Gupta Hale Hansen Harper Hayes "
    "Hill Holt Hughes Hunt Ibarra Irwin Jensen Jones Kaur Keller Khan Kim Knox Kumar Lane "
    "Larsen Leal Lee Lewis Lopez Lowe Lynch Malik Marsh Mason Meyer Mills Mora Moss Nash Nguyen "
    "Nolan Novak Olsen Ortiz Owens Page Park Patel Perez Pike Porter Quinn Ramos Reed Reyes "
    "Rhodes Rossi Ruiz Santos Shaw Silva Singh Stone Tanaka Tate Vega Voss Wade Walsh Ward "
    "Wells West Wolf Wong Wu York Young"
)

STREETS = listed(
    "Acorn Alder Ash Bank Beech Birch Bridge Canal Castle Cedar Chapel Cherry Church Clover "
    "College Court Elm Field Forest Garden Grove Harbor Hazel Hill Holly Juniper King Lake "
    "Laurel Linden Main Maple Market Meadow Mill Mulberry Oak Orchard Park Pine Poplar Queen "
    "Ridge River School Spring Station Summit Sycamore Union Valley Walnut Water Willow"
)

STREET_KINDS = ("Street", "Road", "Avenue", "Lane")
PARTNERS = ("main", "harbor", "summit", "prairie", "canyon")
OCCUPATIONS = ("office", "trades", "health", "education", "sales", "student", "retired", "at_home")
NEW_OCCUPATIONS = ("platform_driver", "content_creator")  # unheard of in the first 90 % of time
NEW_LIFE_EVENTS = ("adopted_child", "became_carer")
CAMPAIGNS = ("spring_family", "safe_home", "new_wheels", "quiet_mind", "year_end")
