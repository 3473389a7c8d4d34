"""The shared rules, measured in one process each, so that memory is that of the task alone."""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection

from scripts.benchmarks.table import Figure, print_figures

ROWS = 100_000
EMAILS = 10_000
RUNS = 3
SMS = "Bonjour ((nom)), votre rendez-vous du ((date)) est confirmé à ((heure)). Mairie de Lille."
EMAIL = """# Votre demande de carte d’identité

Bonjour ((nom)),

Nous avons bien reçu votre demande numéro ((numero)), déposée le ((date)). Un agent de la mairie va maintenant vérifier
que toutes les pièces sont présentes et lisibles. Cette vérification prend en général trois jours ouvrés, un peu plus en
période de vacances scolaires.

## Ce que vous devez faire

* gardez le récépissé qui vous a été remis au guichet
* vérifiez que votre adresse n’a pas changé
* préparez une photographie de moins de six mois

^ Vous n’avez rien à payer. Méfiez-vous des sites qui demandent de l’argent pour cette démarche.

Vous pouvez suivre votre dossier sur [votre espace personnel](https://exemple.fr/dossier?numero=((numero))) à toute
heure. Si une pièce manque, nous vous écrirons à cette adresse et vous aurez trente jours pour nous la faire parvenir,
par dépôt en ligne ou par courrier.

---

## Votre rendez-vous

La remise aura lieu le ((rendez_vous)) à ((lieu)). Présentez-vous dix minutes avant l’heure avec le récépissé et votre
ancienne carte. Une autre personne ne peut pas venir à votre place. Pour changer de date, utilisez la page
[prendre rendez-vous](https://exemple.fr/rendez-vous) ou téléphonez au secrétariat du lundi au vendredi, de neuf heures à
dix-sept heures. La carte non retirée dans les trois mois est détruite.

Le service de l’état civil
"""


def run() -> None:
    print_figures(
        f"Shared rules, one process each (best of {RUNS})",
        [
            _figure(
                f"{ROWS:,} SMS rows, 3 placeholders, parsed and validated", validate_rows, "≤ 2 s, ≤ 120 MB"
            ),
            _figure(f"{EMAILS:,} full HTML e-mails, 200 words", render_emails, "≤ 2 s"),
            _figure(f"{ROWS:,} fragment counts", count_parts, "≤ 0.5 s"),
            _figure(f"{ROWS:,} French numbers", parse_numbers, "≤ 0.7 s"),
        ],
    )


def _figure(what: str, task: Callable[[], float], goal: str) -> Figure:
    results = [_alone(task) for _ in range(RUNS)]
    seconds, megabytes = min(results)
    return Figure(what, f"{seconds:.2f} s  {megabytes:4.0f} MB", goal)


def _alone(task: Callable[[], float]) -> tuple[float, float]:
    """Seconds of the task, and megabytes that its process took at most, interpreter included."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(task, there))
    process.start()
    there.close()  # or a child that dies would leave us waiting
    result: tuple[float, float] = here.recv()
    process.join()
    return result


def _report(task: Callable[[], float], to: Connection) -> None:
    seconds = task()
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    to.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit))


def _time(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _numbers(count: int) -> Iterable[str]:
    """National form, all different, no two neighbours alike."""
    return (f"06{1 + n % 2}{(n * 7919) % 10_000_000:07}" for n in range(count))


def validate_rows() -> float:
    from notifications_utils.recipients.phone_rules import RegionPhoneRules
    from notifications_utils.recipients.recipient_checks import SmsRecipients
    from notifications_utils.recipients.recipient_list import RecipientList
    from notifications_utils.recipients.spreadsheet import read_spreadsheet
    from notifications_utils.templating.sms import SmsTemplate

    lines = ["phone number;nom;date;heure"]
    lines += [
        f"{number};Zoé {row};{row % 28 + 1}/11;{row % 24} h 30" for row, number in enumerate(_numbers(ROWS))
    ]
    content = "\n".join(lines).encode()
    del lines

    def work() -> None:
        rules = SmsRecipients(RegionPhoneRules("FR"), allow_international=False)
        recipients = RecipientList(read_spreadsheet(content), SmsTemplate(SMS, prefix="Mairie"), rules)
        total = sum(1 for _ in recipients)
        if total != ROWS or recipients.summary.has_errors:
            raise SystemExit(f"{total} rows, errors: {recipients.summary.errors[:3]}")

    return _time(work)


def render_emails() -> float:
    from notifications_utils.templating.email import EmailTemplate
    from notifications_utils.templating.page import Branding, BrandingKind

    banner = Branding(kind=BrandingKind.BANNER, name="Mairie de Lille", colour="#000091")
    template = EmailTemplate("Votre demande ((numero))", EMAIL, brandings=(banner,))

    def work() -> None:
        for number in range(EMAILS):
            message = template.render(
                {
                    "nom": f"Zoé & <{number}>",
                    "numero": f"A-{number}",
                    "date": "23 novembre 2026",
                    "rendez_vous": "lundi 7 décembre",
                    "lieu": "l’hôtel de ville",
                },
                unsubscribe_link=f"https://exemple.fr/u/{number}",
            )
            _ = message.subject, message.preheader, message.html

    return _time(work)


def count_parts() -> float:
    from notifications_utils.sms.counting import count_fragments

    texts = [
        f"Bonjour Zoé {row}, votre rendez-vous est confirmé à {row % 24} h 30 – « à bientôt » " * 2
        for row in range(ROWS)
    ]
    return _time(lambda: [count_fragments(text) for text in texts])


def parse_numbers() -> float:
    from notifications_utils.recipients.phone_rules import RegionPhoneRules

    numbers = list(_numbers(ROWS))
    rules = RegionPhoneRules("FR")
    return _time(lambda: [rules.parse(number) for number in numbers])
