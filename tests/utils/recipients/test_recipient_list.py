import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.recipients.list_errors import ListProblem, RowProblem
from notifications_utils.recipients.phone_rules import RegionPhoneRules
from notifications_utils.recipients.recipient_checks import EmailRecipients, SmsRecipients
from notifications_utils.recipients.recipient_list import ListLimits, RecipientList
from notifications_utils.recipients.spreadsheet import read_spreadsheet
from notifications_utils.recipients.spreadsheet_errors import SheetRow, SpreadsheetLimits, SpreadsheetProblem
from notifications_utils.templating.email import EmailTemplate
from notifications_utils.templating.sms import SmsTemplate
from notifications_utils.templating.template_errors import MessageTooLongError, TooManyPartsError

BRITISH = SmsRecipients(RegionPhoneRules("GB"))
ABROAD = SmsRecipients(RegionPhoneRules("GB"), allow_international=True)
TEMPLATE = "((nom)) ((date))"


def sms_list(text, content=TEMPLATE, checks=BRITISH, **limits):
    rows = read_spreadsheet(text if isinstance(text, bytes) else text.encode())
    return RecipientList(rows, SmsTemplate(content), checks, ListLimits(**limits))


def email_list(text, subject="((nom))", content="((ref))", **limits):
    rows = read_spreadsheet(text.encode())
    return RecipientList(rows, EmailTemplate(subject, content), EmailRecipients(), ListLimits(**limits))


def problems(row):
    return [(error.problem.value, error.column) for error in row.errors]


def list_problems(recipients):
    return [error.problem for error in recipients.summary.errors]


@pytest.mark.parametrize(
    ("text", "nom", "date"),
    [
        ("Phone_Number , NOM,date \n 07900900123 , Zoé , x ", "Zoé", "x"),
        ("\ufeffphone number,nom,date\n07900900123,a,b", "a", "b"),
        ("phone number;nom;date\n07900900123;a;b", "a", "b"),  # ours: the delimiter is found out
        ("phone number\tnom\tdate\n07900900123\ta\tb", "a", "b"),
        ("téléphone,nom,date\n07900900123,a,b", "a", "b"),
        ("phone number,nom,date,extra\n07900900123,a,b,c,d,e", "a", "b"),
        ("phone number,nom,nom,date\n07900900123,a,b,c", ["a", "b"], "c"),
        ("phone number,nom,nom,nom,date\n07900900123,,b,,c", "b", "c"),
        ("phone number,nom,date,,\n07900900123,a,b,,", "a", "b"),
        ('phone number,"nom","date"\n07900900123, "a, b" ,"c ""d"""', "a, b", 'c "d"'),
        # ours: a no-break space is a space
        ("phone number,nom,date\n07900900123,M.\u00a0Dupont 10\u202f000,b", "M. Dupont 10 000", "b"),
    ],
)
def test_valid_files(text, nom, date):
    recipients = sms_list(text)
    (row,) = recipients
    assert row.errors == ()
    assert (row.number, row.index) == (2, 0)
    assert row.recipient.normalised == "447900900123"
    assert row.recipient.phone_number.country_code == "44"
    assert dict(row.personalisation) == {"nom": nom, "date": date}
    assert row.message.text == " ".join([nom if isinstance(nom, str) else "a and b", date])
    assert not recipients.summary.has_errors


def test_a_short_row_misses_values():
    (row,) = sms_list("phone number,nom,date\n07900900123,a")
    assert problems(row) == [("missing", "date")]
    assert row.errors[0].message == "Missing"
    assert row.message is None


def test_blank_rows_inside_count_and_miss_everything():
    recipients = sms_list("phone number,nom,date\n\n\n07900900123,a,b\n\n07900900124,c,d\n,,\n")
    rows = list(recipients)
    missing = [("missing", "phone number"), ("missing", "nom"), ("missing", "date")]
    assert [problems(row) for row in rows] == [missing, missing, [], missing, []]
    assert [(row.number, row.index) for row in rows] == [(2, 0), (3, 1), (4, 2), (5, 3), (6, 4)]
    summary = recipients.summary
    assert (summary.rows, summary.rows_with_errors, summary.problems) == (5, 3, {RowProblem.MISSING: 3})


def test_duplicate_recipient_columns_are_an_error_and_the_last_is_used():
    recipients = sms_list("phone number,phone_number,nom,date\n07900900123,07900900124,a,b\n07900900123,,a,b")
    rows = list(recipients)
    assert rows[0].recipient.normalised == "447900900124"
    assert [row.errors for row in rows] == [(), ()]
    (error,) = recipients.summary.errors
    assert error.problem is ListProblem.DUPLICATE_RECIPIENT_COLUMNS
    assert error.columns == ("phone number", "phone_number")


def test_of_columns_spelt_differently_the_last_one_wins():
    (row,) = sms_list("phone number,nom,NOM,date\n07900900123,a,,c")
    assert problems(row) == [("missing", "nom")]


def test_missing_columns_are_told_once_not_in_each_row():
    recipients = sms_list("nom\na\nb")
    assert [row.errors for row in recipients] == [(), ()]
    (error,) = recipients.summary.errors
    assert (error.problem, error.columns) == (ListProblem.MISSING_COLUMNS, ("phone number", "date"))
    assert recipients.summary.has_errors


def test_an_empty_text_has_neither_columns_nor_rows():
    recipients = sms_list("")
    assert recipients.columns.missing == ("phone number", "nom", "date")
    assert list_problems(recipients) == [ListProblem.MISSING_COLUMNS, ListProblem.NO_ROWS]


def test_headings_alone_are_an_error():
    assert list_problems(sms_list("phone number,nom,date")) == [ListProblem.NO_ROWS]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("0790090012345", "Too many digits"),
        ("12345", "Not enough digits"),
        ("07900.900.123", "Must not contain letters or symbols"),
        ("+33612345678", "Not a mobile number"),
        ("020 7946 0958", "Not a mobile number"),
        ("+999123456", "Not a valid country prefix"),
    ],
)
def test_bad_numbers_get_the_text_of_the_contract(number, message):
    recipients = sms_list(f"phone number,nom,date\n{number},a,b")
    (row,) = recipients
    assert problems(row) == [("bad_recipient", "phone number")]
    assert row.errors[0].message == message
    assert row.recipient is None
    assert row.message.text == "a b"  # the rest of the row is checked all the same


def test_bad_addresses_get_the_text_of_the_contract():
    (row,) = email_list("email address,nom,ref\nprénom@exemple.fr,a,b")
    assert row.errors[0].message == "Not a valid email address"
    assert row.errors[0].cause.suggestion == "prenom@exemple.fr"


def test_countries_without_a_price_are_refused():
    checks = SmsRecipients(
        RegionPhoneRules("GB"), allow_international=True, can_send_to=lambda code: code in {"44", "33"}
    )
    rows = list(sms_list("phone number\n+33612345678\n+32470123456", "a", checks))
    assert [row.errors[0].message if row.errors else None for row in rows] == [
        None,
        "Not a valid country prefix",
    ]


def test_an_empty_message_is_an_error_of_the_row():
    (row,) = sms_list("phone number,a\n07900900123,no", "((a??x))")
    assert problems(row) == [("message_empty", None)]


def test_a_long_message_is_an_error_of_the_row():
    recipients = sms_list(
        f"phone number,nom\n07900900123,{'a' * 919}\n07900900124,{'€' * 600}\n07900900125,x", "((nom))"
    )
    rows = list(recipients)
    assert [problems(row) for row in rows] == [[("message_too_long", None)], [("message_too_long", None)], []]
    assert [type(row.errors[0].cause) for row in rows[:2]] == [MessageTooLongError, TooManyPartsError]
    assert recipients.summary.problems == {RowProblem.MESSAGE_TOO_LONG: 2}


def test_the_subject_of_an_email_counts_among_its_placeholders():
    recipients = email_list("email address,nom\na@b.fr,x", subject="((ref))", content="((nom))")
    assert recipients.columns.missing == ("ref",)


def test_email_rows():
    recipients = email_list("Courriel;Nom;Ref\nA@B.fr;Zoé;1\n")
    (row,) = recipients
    assert (row.to, row.recipient.normalised) == ("A@B.fr", "a@b.fr")
    assert row.message.subject == "Zoé"


@pytest.mark.parametrize("allowed", ["a@b.FR", " A@b.fr\u200b"])
def test_the_guest_list_of_addresses(allowed):
    recipients = email_list(
        "Email Address,nom,ref\nA@B.fr,x,y\nc@d.fr,x,y",
        allowed_recipients=frozenset({allowed, "07900900123"}),
    )
    assert [problems(row) for row in recipients] == [[], [("not_allowed", "email address")]]
    (error,) = recipients.summary.errors
    assert (error.problem, error.count) == (ListProblem.RECIPIENTS_NOT_ALLOWED, 1)


def test_the_guest_list_of_numbers():
    recipients = sms_list(
        "phone number\n+447900900123\n07900900124",
        "a",
        allowed_recipients=frozenset({"07900 900123", "not a number", "x@y.fr"}),
    )
    assert [bool(row.errors) for row in recipients] == [False, True]


def test_what_remains_to_be_sent():
    text = "phone number\n07900900123\n07900900124"
    assert not sms_list(text, "a", remaining_messages=2).summary.has_errors
    (error,) = sms_list(text, "a", remaining_messages=1).summary.errors
    assert (error.problem, error.count, error.limit) == (ListProblem.MORE_ROWS_THAN_REMAINING_MESSAGES, 2, 1)


def test_what_remains_to_be_sent_abroad():
    text = "phone number\n+33612345678\n+33612345679\n07900900124\n\n+33612345670"
    assert sms_list(text, "a", ABROAD).summary.international == 3
    (error,) = sms_list(text, "a", ABROAD, remaining_international=2).summary.errors
    assert (error.problem, error.count) == (ListProblem.MORE_THAN_REMAINING_INTERNATIONAL_MESSAGES, 3)


def test_duplicates_are_reported_and_are_no_error():
    summary = sms_list(
        "phone number\n07900900123\n07900900124\n+44 7900 900123\nbad\nbad\n447900900123", "a"
    ).summary
    (duplicate,) = summary.duplicates
    assert (duplicate.normalised, duplicate.row_numbers) == ("447900900123", (2, 4, 7))
    assert summary.duplicate_rows == 2
    assert summary.rows_with_errors == 2
    emails = email_list("email address,nom,ref\na@b.fr,1,2\nA@B.FR,1,2").summary
    assert (emails.duplicate_rows, emails.has_errors) == (1, False)


def test_too_many_rows():
    rows = [SheetRow(1, ["phone number"]), *(SheetRow(number, ["07900900123"]) for number in range(2, 9))]
    recipients = RecipientList(rows, SmsTemplate("a"), BRITISH, ListLimits(rows=5))
    assert len(list(recipients)) == recipients.summary.rows == 5
    (error,) = recipients.summary.errors
    assert (error.problem, error.limit) == (ListProblem.TOO_MANY_ROWS, 5)
    # The reader of the file may stop before the list does.
    source = read_spreadsheet(b"phone number\n1\n2\n3", SpreadsheetLimits(rows=2))
    (error,) = RecipientList(source, SmsTemplate("a"), BRITISH).summary.errors
    assert (error.problem, error.limit) == (ListProblem.TOO_MANY_ROWS, 2)


@pytest.mark.parametrize(
    ("content", "cause", "rows"),
    [
        (b"%PDF-1.7", SpreadsheetProblem.NOT_A_SPREADSHEET, 0),
        (b'phone number,nom,date\n07900900123,a,b\n07900900124,"a,b', SpreadsheetProblem.UNCLOSED_QUOTE, 2),
    ],
)
def test_an_unreadable_file_is_an_error_of_the_list(content, cause, rows):
    summary = sms_list(content).summary
    assert (summary.errors[0].problem, summary.errors[0].cause.code) == (ListProblem.UNREADABLE_FILE, cause)
    assert (summary.rows, len(summary.errors)) == (rows, 1)


def test_errors_come_in_the_order_of_their_weight():
    recipients = sms_list(
        "phone number,phone_number,nom\n07900900123,07900900124,x\n,07900900125,x",
        remaining_messages=1,
        rows=1,
        allowed_recipients=frozenset(),
    )
    order = list(ListProblem)
    found = list_problems(recipients)
    assert found == sorted(found, key=order.index)
    assert len(found) == 4


def test_rows_to_be_shown_are_few():
    text = "phone number\n" + "07900900123\nbad\n" * 50
    summary = sms_list(text, "a", rows_kept=3).summary
    assert [row.number for row in summary.first_rows] == [2, 3, 4]
    assert [row.number for row in summary.first_rows_with_errors] == [3, 5, 7]
    assert (summary.rows, summary.rows_with_errors) == (100, 50)


def test_rows_are_read_once_and_lazily():
    def endless():
        yield SheetRow(1, ["phone number"])
        number = 1
        while True:
            number += 1
            yield SheetRow(number, ["07900900123"])

    recipients = RecipientList(endless(), SmsTemplate("a"), BRITISH)
    assert [row.number for row, _ in zip(recipients, range(2), strict=False)] == [2, 3]
    finite = sms_list("phone number\n1\n2\n3", "a")
    next(iter(finite))
    assert finite.summary.rows == 3
    assert list(finite) == []
    assert finite.summary.rows == 3


def test_personal_data_stay_out_of_the_repr():
    recipients = sms_list("phone number,nom,date\n07900900123,Zoé,x\n07900900123,Zoé,x\nmauvais,Zoé,x")
    shown = repr(list(recipients)) + repr(recipients.summary)
    assert not any(secret in shown for secret in ("7900900123", "Zoé", "mauvais"))


CELLS = st.sampled_from(["", "07900900123", "+33612345678", "x", "a@b.fr", "oui"]) | st.text(max_size=6)
HEADINGS = st.sampled_from(
    ["phone number", "téléphone", "email address", "nom", "NOM", "date", ""]
) | st.text(max_size=4)


@given(
    st.lists(HEADINGS, max_size=6),
    st.lists(st.lists(CELLS, max_size=7), max_size=5),
    st.sampled_from([TEMPLATE, "((nom??x))", "((phone number))", "", "((prénom)) ((  ))"]),
    st.sampled_from([None, 0, 1]),
    st.booleans(),
)
def test_asking_for_anything_in_any_order_never_raises(headings, cells, content, remaining, is_summary_first):
    rows = [SheetRow(number, row) for number, row in enumerate([headings, *cells], start=1)]
    allowed = None if remaining is None else frozenset({"07900900123", "?"})
    limits = ListLimits(3, remaining, remaining, allowed)
    for template, checks in (
        (SmsTemplate(content), ABROAD),
        (EmailTemplate(content, content), EmailRecipients()),
    ):
        recipients = RecipientList(rows, template, checks, limits)
        summary = recipients.summary if is_summary_first else None
        checked = list(recipients)
        summary = summary or recipients.summary
        assert summary.rows == min(len(cells), 3)
        assert len(checked) == (0 if is_summary_first else summary.rows)
        assert summary.rows_with_errors <= summary.rows
        if checked and all(row.errors == () for row in checked) and not summary.errors:
            assert all(row.recipient is not None and row.message is not None for row in checked)
