"""A QTI 3.0 package written: a manifest with metadata, one document for each item, the pictures."""

import html
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence

from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, pictures_of
from question_bank.domain.exchange import Loss, Picture
from question_bank.domain.item import Blank, ItemType
from question_bank.formats import outgoing_html, outgoing_loss

_ASI = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
_CP = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
_LOM = "http://ltsc.ieee.org/xsd/LOM"
_MATCH = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_DAY = (2000, 1, 1, 0, 0, 0)  # the same bank gives the same bytes


def losses(drafts: Sequence[Draft]) -> list[Loss]:
    """Return what a package cannot carry."""
    return list(outgoing_loss.lost(drafts, ("评分标准", "用途", "互斥试题", "数值题的其他答案", "排序计分")))


def write(drafts: Sequence[Draft], pictures: Mapping[str, Picture]) -> bytes:
    """Return the package."""
    held = io.BytesIO()
    shown = sorted({digest for draft in drafts for digest in pictures_of(draft)} & set(pictures))
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in _files(drafts, pictures, shown):
            package.writestr(zipfile.ZipInfo(name, _DAY), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _files(drafts: Sequence[Draft], pictures: Mapping[str, Picture], shown: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    yield "imsmanifest.xml", _manifest(drafts, pictures, shown).encode()
    for number, draft in enumerate(drafts, start=1):
        yield _item_name(number), _Item(draft, pictures).written().encode()
    for digest in shown:
        yield f"pictures/{_picture_name(digest, pictures)}", pictures[digest].content
    if told := losses(drafts):
        yield "未写入.txt", "\n".join(f"{loss.place}：{loss.what}" for loss in told).encode()


def _item_name(number: int) -> str:
    return f"items/{number:05d}.xml"


def _picture_name(digest: str, pictures: Mapping[str, Picture]) -> str:
    picture = pictures.get(digest)
    return f"{digest}.{_ENDINGS.get(picture.media_type, 'png') if picture else 'png'}"


# The manifest


def _manifest(drafts: Sequence[Draft], pictures: Mapping[str, Picture], shown: Sequence[str]) -> str:
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<manifest xmlns="{_CP}" identifier="MANIFEST">',
        "<metadata><schema>QTI Package</schema><schemaversion>3.0.0</schemaversion></metadata>",
        "<organizations/>",
        "<resources>",
        *(_resource(number, draft, pictures) for number, draft in enumerate(drafts, start=1)),
    ]
    for digest in shown:
        name = f"pictures/{_picture_name(digest, pictures)}"
        parts.append(f'<resource identifier="P-{digest}" type="webcontent" href="{name}"><file href="{name}"/></resource>')
    return "\n".join([*parts, "</resources>", "</manifest>", ""])


def _resource(number: int, draft: Draft, pictures: Mapping[str, Picture]) -> str:
    name = _item_name(number)
    needs = "".join(f'<dependency identifierref="P-{digest}"/>' for digest in sorted(pictures_of(draft)) if digest in pictures)
    return f'<resource identifier="I-{number:05d}" type="imsqti_item_xmlv3p0" href="{name}">{_metadata(draft)}<file href="{name}"/>{needs}</resource>'


def _metadata(draft: Draft) -> str:
    parts = []
    if draft.tags:
        words = "".join(f"<keyword><string>{_escaped(tag)}</string></keyword>" for tag in draft.tags)
        parts.append(f"<general>{words}</general>")
    if draft.difficulty is not None and draft.difficulty != DEFAULT_DIFFICULTY:
        figure = f"<difficulty><source>p-value</source><value>{draft.difficulty:.17g}</value></difficulty>"
        parts.append(f"<educational>{figure}</educational>")
    for purpose, words in (("discipline", draft.topic), ("skill level", draft.level)):
        if words:
            parts.append(
                f"<classification><purpose><source>LOMv1.0</source><value>{purpose}</value></purpose>"
                f"<taxonPath><taxon><entry><string>{_escaped(words)}</string></entry></taxon></taxonPath></classification>"
            )
    return f'<metadata><lom xmlns="{_LOM}">{"".join(parts)}</lom></metadata>' if parts else ""


# One item


class _Item:
    """Writes one item."""

    def __init__(self, draft: Draft, pictures: Mapping[str, Picture]) -> None:
        self.draft, self.pictures = draft, pictures
        self.kind = ItemType(draft.type)
        self.names = [f"C{at + 1}" for at in range(len(draft.options))]

    def written(self) -> str:
        """Return the document."""
        draft = self.draft
        title = _escaped(draft.source or draft.external_id)
        most = f' normal-maximum="{draft.points / 100:g}"' if draft.points else ""
        parts = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<qti-assessment-item xmlns="{_ASI}" identifier="{_escaped(draft.external_id)}" title="{title}" adaptive="false" time-dependent="false">',
            *self._declarations(),
            f'<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"{most}/>',
            f'<qti-outcome-declaration identifier="FEEDBACK" cardinality="{self._cardinality()}" base-type="identifier"/>' if self._notes() else "",
            f"<qti-item-body>{self._body()}</qti-item-body>",
            self._processing(),
            *self._notes(),
            "</qti-assessment-item>",
        ]
        return "\n".join(part for part in parts if part)

    def _html(self, notation: str, blank: Callable[[int], str] | None = None) -> str:
        address = "../pictures/{}"
        marked = outgoing_html.written(notation, lambda digest: address.format(_picture_name(digest, self.pictures)), tex=False, blank=blank)
        return outgoing_html.as_xml(marked)

    def _cardinality(self) -> str:
        return "multiple" if self.kind is ItemType.MULTIPLE else "single"

    def _declarations(self) -> list[str]:
        draft = self.draft
        match self.kind:
            case ItemType.FILL_IN:
                return [_blank(f"RESPONSE{number}", blank) for number, blank in enumerate(draft.blanks, start=1)]
            case ItemType.MATCHING:
                return [_declaration("multiple", "directedPair", [f"P{at + 1} {self.names[to]}" for at, to in enumerate(draft.key)])]
            case ItemType.ORDERING:
                return [_declaration("ordered", "identifier", [self.names[at] for at in draft.key])]
            case ItemType.SHORT_TEXT:
                return [_declaration("single", "string", [])]
            case _:
                return [_declaration(self._cardinality(), "identifier", [self.names[at] for at in draft.key])]

    def _body(self) -> str:
        if self.kind is ItemType.FILL_IN:
            return f"<div>{self._html(self.draft.stem, _field)}</div>"
        return f"<div>{self._html(self.draft.stem)}</div>{self._interaction()}"

    def _interaction(self) -> str:
        given = 'response-identifier="RESPONSE"'
        match self.kind:
            case ItemType.MATCHING:
                prompts = [(f"P{at + 1}", words, 1) for at, words in enumerate(self.draft.prompts)]
                options = [(name, words, 0) for name, words in zip(self.names, self.draft.options, strict=True)]
                return f'<qti-match-interaction {given} shuffle="true" max-associations="0">{self._set(prompts)}{self._set(options)}</qti-match-interaction>'
            case ItemType.ORDERING:
                return f'<qti-order-interaction {given} shuffle="true">{self._choices()}</qti-order-interaction>'
            case ItemType.SHORT_TEXT:
                model = self._html(self.draft.model)
                rubric = f'<qti-rubric-block view="scorer" use="scoring"><qti-content-body><div>{model}</div></qti-content-body></qti-rubric-block>'
                return f"<qti-extended-text-interaction {given}/>{rubric if model else ''}"
            case _:
                most = 0 if self.kind is ItemType.MULTIPLE else 1
                return f'<qti-choice-interaction {given} shuffle="true" max-choices="{most}">{self._choices()}</qti-choice-interaction>'

    def _choices(self) -> str:
        pairs = zip(self.names, self.draft.options, strict=True)
        return "".join(f'<qti-simple-choice identifier="{name}">{self._html(words)}</qti-simple-choice>' for name, words in pairs)

    def _set(self, choices: Sequence[tuple[str, str, int]]) -> str:
        inside = "".join(
            f'<qti-simple-associable-choice identifier="{name}" match-max="{most}">{self._html(words)}</qti-simple-associable-choice>'
            for name, words, most in choices
        )
        return f"<qti-simple-match-set>{inside}</qti-simple-match-set>"

    def _notes(self) -> list[str]:
        """Return the explanations: one for each option, and one that is shown whatever was chosen."""
        notes = [(name, words, "show") for name, words in zip(self.names, self.draft.option_explanations, strict=False) if words]
        notes += [("NONE", self.draft.explanation, "hide")] if self.draft.explanation else []
        return [
            f'<qti-modal-feedback outcome-identifier="FEEDBACK" identifier="{name}" show-hide="{shown}">'
            f"<qti-content-body><div>{self._html(words)}</div></qti-content-body></qti-modal-feedback>"
            for name, words, shown in notes
        ]

    def _processing(self) -> str:
        if self.kind is ItemType.SHORT_TEXT:
            return ""
        rules = [_points(number, blank) for number, blank in enumerate(self.draft.blanks, start=1)]
        if not rules and not any(self.draft.option_explanations):
            return f'<qti-response-processing template="{_MATCH}"/>'
        if not rules:
            test = '<qti-match><qti-variable identifier="RESPONSE"/><qti-correct identifier="RESPONSE"/></qti-match>'
            rules = [_condition(test, "1")]
            if self.kind in {ItemType.SINGLE, ItemType.TRUE_FALSE, ItemType.MULTIPLE}:
                rules.append('<qti-set-outcome-value identifier="FEEDBACK"><qti-variable identifier="RESPONSE"/></qti-set-outcome-value>')
        return f"<qti-response-processing>{''.join(rules)}</qti-response-processing>"


def _field(number: int) -> str:
    return f'<qti-text-entry-interaction response-identifier="RESPONSE{number}"/>'


def _declaration(cardinality: str, base_type: str, values: Sequence[str], name: str = "RESPONSE", mapping: str = "") -> str:
    inside = "".join(f"<qti-value>{_escaped(value)}</qti-value>" for value in values)
    correct = f"<qti-correct-response>{inside}</qti-correct-response>" if values else ""
    return f'<qti-response-declaration identifier="{name}" cardinality="{cardinality}" base-type="{base_type}">{correct}{mapping}</qti-response-declaration>'


def _blank(name: str, blank: Blank) -> str:
    if blank.tolerance:
        return _declaration("single", "float", blank.accepted[:1], name)
    case = str(blank.case_matters).lower()
    entries = "".join(f'<qti-map-entry map-key="{_escaped(text)}" mapped-value="1" case-sensitive="{case}"/>' for text in blank.accepted)
    return _declaration("single", "string", blank.accepted[:1], name, f'<qti-mapping default-value="0">{entries}</qti-mapping>')


def _points(number: int, blank: Blank) -> str:
    name = f"RESPONSE{number}"
    if blank.tolerance:
        margin = f'tolerance-mode="absolute" tolerance="{blank.tolerance} {blank.tolerance}"'
        test = f'<qti-equal {margin}><qti-variable identifier="{name}"/><qti-correct identifier="{name}"/></qti-equal>'
        return _condition(test, "1")
    score = '<qti-variable identifier="SCORE"/>'
    return f'<qti-set-outcome-value identifier="SCORE"><qti-sum>{score}<qti-map-response identifier="{name}"/></qti-sum></qti-set-outcome-value>'


def _condition(test: str, points: str) -> str:
    value = f'<qti-base-value base-type="float">{points}</qti-base-value>'
    added = f'<qti-sum><qti-variable identifier="SCORE"/>{value}</qti-sum>'
    inside = f'{test}<qti-set-outcome-value identifier="SCORE">{added}</qti-set-outcome-value>'
    return f"<qti-response-condition><qti-response-if>{inside}</qti-response-if></qti-response-condition>"


def _escaped(words: str) -> str:
    return html.escape(words)
