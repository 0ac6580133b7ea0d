"""The way of a file, step by step: bring it, confirm how it is read, say what its columns are, try it out, start."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.imports import plan as plans
from embudo.imports import workbook
from embudo.imports.forms import (
    MEANINGS,
    NO_DATES,
    ReadingForm,
    UploadForm,
    answers_asked,
    file_name,
    read_plan,
    statuses_asked,
    unseen,
)
from embudo.imports.keeping import drop
from embudo.imports.models import Kind, Mapping, Upload
from embudo.imports.plan import Plan
from embudo.imports.presets import preset_called
from embudo.imports.reading import BadFile
from embudo.imports.sniffing import Found, look
from embudo.imports.targets import KINDS, groups_of, is_new, kinds_shown
from embudo.imports.views.rows import page_of
from embudo.imports.views.visits import check_access_log, figures_of
from embudo.imports.views.waiting import try_out, upload_of
from embudo.leads.attribute import kinds_there
from embudo.ui.toasts import toast
from embudo.work.models import Job

SHOWN = 8  # rows of a preview
EXAMPLES = 3  # values beside a column


@require("imports.run")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Take a file and look at it."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        upload = Upload.objects.create(by=request.user, kind=form.cleaned_data["kind"], file=file_name(given.name))
        try:
            decimal = _keep(upload, given)
            if upload.kind == Kind.VISITS:
                check_access_log(upload)
                return redirect("imports:place", upload.pk)
            found = look(upload.text)
            found = replace(found, decimal=decimal or found.decimal)
            upload.change(**_proposed(upload, found), sheets=upload.sheets)
        except BadFile as error:
            upload.drop_files()
            upload.delete()
            form.add_error("file", str(error))
        else:
            return redirect("imports:file", upload.pk)
    return render(request, "imports/new.html", {"form": form}, status=422 if form.errors else 200)


@require("imports.run")
@require_http_methods(["GET", "POST"])
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how the file is read; what is confirmed or corrected here is kept."""
    upload = upload_of(request, pk)
    if upload.kind == Kind.VISITS:
        return redirect("imports:place", upload.pk)
    if upload.run_job_id is not None:
        return redirect("imports:trial", upload.pk)
    form = _reading_form(upload, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            found, text = _read_anew(upload, form)
            said = {"reading": asdict(found.reading), "plan": upload.plan, "preset": upload.preset}
            if list(upload.how_mapped().columns) != found.headers:
                said = _proposed(upload, found)
        except BadFile as error:
            form.add_error(None, str(error))
        else:
            plan = Plan(**said["plan"])
            form.fill(plan)
            if not upload.change(**said | {"plan": plan.as_dict()}):
                return redirect("imports:trial", upload.pk)
            if text != upload.text:
                text.replace(upload.text)
            return redirect("imports:columns", upload.pk)
    shown = {"upload": upload, "form": form, "preset": preset_called(upload.preset), **_preview(upload)}
    return render(request, "imports/file.html", shown, status=422 if form.errors else 200)


@require("imports.run")
@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the first rows as they would be read by what the form says now; nothing is kept."""
    upload = upload_of(request, pk)
    if upload.kind == Kind.VISITS:
        return redirect("imports:place", upload.pk)
    form = _reading_form(upload, request.POST)
    if not form.is_valid():
        problem = "; ".join(str(each) for errors in form.errors.values() for each in errors)
        return render(request, "imports/_preview.html", {"problem": problem})
    try:
        found, _text = _read_anew(upload, form)
    except BadFile as error:
        return render(request, "imports/_preview.html", {"problem": str(error)})
    return render(request, "imports/_preview.html", {"headers": found.headers, "rows": found.rows[:SHOWN]})


@require("imports.run")
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what each column is taken for; then try the whole file out."""
    upload = upload_of(request, pk)
    if upload.kind == Kind.VISITS:
        return redirect("imports:place", upload.pk)
    if upload.run_job_id is not None:
        return redirect("imports:trial", upload.pk)
    found = look(upload.text, upload.how_read())
    plan = upload.how_mapped()
    if wanted := request.GET.get("mapping"):
        kept = Mapping.objects.filter(pk=wanted if wanted.isdecimal() else 0, kind=upload.kind).first()
        decimal = plan.decimal
        plan = Plan(**kept.plan_for(found.headers)) if kept else plan
        plan.decimal = decimal if upload.sheets else plan.decimal  # the numbers of a sheet are written with it
        plan.answers = plans.answers_of(plan, found)
        plan.statuses = plans.statuses_of(plan, found)
    plan.statuses = {**plan.statuses, **plan.guessed}
    plan.obey(kinds_there())
    problems: list[str] = []
    if request.method == "POST":
        plan = _as_sent(request, upload, plan, found)
        problems = plans.problems(plan, upload.kind) + unseen(request.POST, plan)
        if not problems:
            _remember(request, upload, plan, found.headers)
            try_out(request, upload, plan=plan.as_dict())
            return redirect("imports:trial", upload.pk)
        upload.change(plan=plan.as_dict())
    unsaid = bool(problems) and plan.agreed_unsaid
    shown = {"upload": upload, "plan": plan, "problems": problems, "unsaid": unsaid, **_columns(upload, plan, found)}
    return render(request, "imports/columns.html", shown, status=422 if problems else 200)


@require("imports.run")
@require_POST
def meanings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is asked of the values of the columns as they are chosen now; nothing is kept."""
    upload = upload_of(request, pk)
    if upload.kind == Kind.VISITS:
        return redirect("imports:place", upload.pk)
    plan = upload.how_mapped()
    plan.statuses = {**plan.statuses, **plan.guessed}
    plan = _as_sent(request, upload, plan, look(upload.text, upload.how_read()))
    return render(request, "imports/_meanings.html", _asked(plan) | {"kinds_shown": enumerate(kinds_shown(plan))})


@never_cache
@require("imports.run")
@require_GET
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the file would do, row by row, before anything is done."""
    upload = upload_of(request, pk)
    if upload.run_id and upload.run:
        return redirect("imports:run", upload.run_id)
    record = upload.trial
    job = upload.run_job or upload.check_job
    shown = {"upload": upload, "job": job, "record": record, "figures": figures_of(record)}
    shown["undated"] = upload.check_job.result.get("undated", 0) if record and upload.check_job else 0
    columns_of = upload.how_mapped().columns.values() if record else ()
    labels = {said["target"].partition(":")[2]: said["label"] for said in columns_of if said["label"]}
    return render(request, "imports/trial.html", shown | (page_of(request, record, upload, labels) if record else {}))


@never_cache
@require("imports.run")
@require_GET
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far the work on a file is; when it has ended or its run has begun, the page is loaded again."""
    upload = upload_of(request, pk)
    job = upload.run_job or upload.check_job
    response = render(request, "imports/_state.html", {"upload": upload, "job": job, "here": "upload"})
    if job is None or job.ended or upload.run_id:
        response["HX-Refresh"] = "true"
    return response


@require("imports.run")
@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the file in; asked twice, it is still one import."""
    upload = upload_of(request, pk)
    if upload.run_job:
        return redirect("imports:trial", pk)
    if upload.trial is None or request.POST.get("trial") != str(upload.check_job_id):
        toast(request, _("Try the file out first: nothing was brought in."), failed=True)
        return redirect("imports:trial" if upload.check_job else "imports:file", pk)
    with transaction.atomic():
        job = Job.objects.create(kind="import_run", about=upload.file, by=request.user, wants={"upload": upload.pk})
        if upload.of_trial(upload.check_job).update(run_job=job):
            AuditEntry.record(request.user, "import_started", upload.file)
        else:
            job.delete()
    return redirect("imports:trial", pk)


@require("imports.run")
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a file up before it was brought in."""
    upload = upload_of(request, pk)
    if upload.run_job is None:
        if upload.check_job:
            upload.check_job.cancel()
        if upload.check_run:
            drop(upload.check_run)
        upload.drop_files()
        upload.delete()
        toast(request, _("%(file)s is discarded; nothing was brought in.") % {"file": upload.file})
    return redirect("imports:imports")


# -- what the views share --------------------------------------------------------------------------------


def _keep(upload: Upload, given: Any) -> str:
    """Keep the file; of a workbook its first sheet as text, too, and return the decimal sign of that."""
    upload.make_folder()
    with upload.original.open("wb") as kept:
        for chunk in given.chunks():
            kept.write(chunk)
    if upload.original.stat().st_size == 0:
        raise BadFile(_("The file is empty."))
    if workbook.is_workbook(upload.original, called=upload.file):
        upload.sheets = workbook.sheets_of(upload.original)
        return workbook.to_text(upload.original, upload.text)
    return ""


def _proposed(upload: Upload, found: Found) -> dict[str, Any]:
    """What a file suggests: how it is read, what its columns are, the preset."""
    if not found.headers or not found.rows:
        raise BadFile(_("No row was found below the headers. Is it the right file, or the right sheet?"))
    zone = str(timezone.get_current_timezone_name())
    before = upload.plan
    country = before.get("country", "") or ("BR" if upload_language() == "pt-br" else "")
    plan, preset = plans.proposed(
        found, upload.kind, file=upload.file, zone=before.get("zone") or zone, country=country
    )
    return {"reading": asdict(found.reading), "plan": plan.as_dict(), "preset": preset.name if preset else ""}


def upload_language() -> str:
    """Return the language of the reader."""
    from django.utils.translation import get_language

    return get_language() or settings.LANGUAGE_CODE


def _reading_form(upload: Upload, post: Any) -> ReadingForm:
    plan, reading = upload.how_mapped(), upload.how_read()
    initial = {
        "encoding": reading.encoding, "delimiter": reading.delimiter, "skip_lines": reading.skip_lines,
        "sheet": reading.sheet, "decimal": plan.decimal, "dates": "|".join(plan.dates) or NO_DATES, "zone": plan.zone,
        "country": plan.country,
    }  # fmt: skip
    return ReadingForm(post, initial=initial, sheets=upload.sheets, dates=plan.dates)


def _read_anew(upload: Upload, form: ReadingForm) -> tuple[Found, Path]:
    """The file read as the form says, and the text that was read: of another sheet or decimal sign, one of its own."""
    reading, decimal = form.reading(upload.how_read()), form.cleaned_data["decimal"]
    text = upload.text
    if upload.sheets and (reading.sheet, decimal) != (upload.reading.get("sheet", ""), upload.plan.get("decimal")):
        text = upload.folder / "preview.csv"
        workbook.to_text(upload.original, text, sheet=reading.sheet, decimal=decimal)
    found = look(text, reading)
    if not found.headers:
        raise BadFile(_("No row was found below the headers. Is it the right file, or the right sheet?"))
    return found, text


def _preview(upload: Upload) -> dict[str, Any]:
    try:
        found = look(upload.text, upload.how_read())
    except BadFile as error:
        return {"problem": str(error)}
    return {
        "headers": found.headers,
        "rows": found.rows[:SHOWN],
        "unsure": found.unsure_dates,
        "unsure_decimal": found.unsure_decimal,
    }


def _as_sent(request: HttpRequest, upload: Upload, plan: Plan, found: Found) -> Plan:
    """The plan as the form of columns says it, with what values mean that it asks about."""
    column = plan.of("deal:status")
    plan = read_plan(request.POST, plan, upload.kind)
    plan.guessed = plan.guessed if plan.of("deal:status") == column else {}
    plan.answers = plans.answers_of(plan, found)
    plan.statuses, plan.guessed = plans.statuses_of(plan, found, preset_called(upload.preset)), {}
    return read_plan(request.POST, plan, upload.kind)


def _asked(plan: Plan) -> dict[str, Any]:
    return {"answers": answers_asked(plan), "meanings": MEANINGS.items(), "statuses": statuses_asked(plan)}


def _columns(upload: Upload, plan: Plan, found: Found) -> dict[str, Any]:
    groups = groups_of(upload.kind)
    places = {header: n for n, header in enumerate(found.headers)}
    shown = []
    kinds = kinds_shown(plan)
    for number, (header, said) in enumerate(plan.columns.items()):
        at = places.get(header)
        values = [row[at].strip() for row in found.rows if at is not None and at < len(row) and row[at].strip()]
        shown.append({
            "number": number, "header": header, **said, "new": is_new(said["target"], groups), "own": kinds[number],
            "examples": list(dict.fromkeys(values))[:EXAMPLES], "empty": not values,
        })  # fmt: skip
    return {
        "columns": shown,
        "groups": groups,
        "kinds": KINDS,
        "missing": "|".join(plan.missing),
        "asks_consents": upload.kind == Kind.PEOPLE,
        "preset": preset_called(upload.preset),
        "mappings": Mapping.objects.filter(kind=upload.kind),
        **_asked(plan),
    }


def _remember(request: HttpRequest, upload: Upload, plan: Plan, headers: list[str]) -> None:
    name = request.POST.get("remember", "").strip()[:60]
    if name:
        kept = {"headers": headers, "plan": plan.as_dict(), "by": request.user}
        Mapping.objects.update_or_create(name=name, kind=upload.kind, defaults=kept)
