"""Who is who by the log alone: the plain reading of its identity facts, for the check and the batch engine."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from embudo.core.event import Door, Event, subject_of
from embudo.core.identity import Identity
from embudo.eventlog import Cursor, Log
from embudo.leads.company_joins import is_said
from embudo.leads.decided import cause_of, events_behind, is_decision
from embudo.leads.history import COMPANIES_MERGED, RETOLD, about, judgements, undoes_import
from embudo.leads.identity import ERASED, reopened_by

Revised = tuple[int, str, str, str]  # subject, source, id, verdict


@dataclass
class Who:
    """Subject -> person before merges, merge pointers, and the facts that were judged anew."""

    links: dict[int, int] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    revised: list[Revised] = field(default_factory=list)
    merges: list[list[Any]] = field(default_factory=list)  # the rows of leads_merge: absorbed, survivor, ...
    disputes: list[list[Any]] = field(default_factory=list)  # the rows of leads_dispute: person, identifier, ...
    companies: Identity = field(default_factory=Identity)  # of which only merges are known
    joins: list[Event] = field(default_factory=list)  # what people said of companies, in the order of facts

    @classmethod
    def read(cls, log: Log, through: Cursor) -> "Who":
        """Read a log as far as a cursor; each decision takes effect at the fact that caused it."""
        decisions: dict[tuple[str, str], list[Event]] = defaultdict(list)
        revisions: list[Event] = []
        joins: list[Event] = []
        for event in events_behind(log, Cursor(), through):
            if is_decision(event):
                decisions[cause_of(event)].append(event)
            elif event.kind in RETOLD:
                revisions.append(event)
            elif is_said(event):
                joins.append(event)
        who = cls(revised=[(subject, *key, said) for key, (subject, said) in judgements(revisions).items()])
        who._join(joins)
        for event in events_behind(log, Cursor(), through):
            if event.kind == ERASED:
                who._forget(event.subject)
            if event.door is Door.SYSTEM:
                continue
            if event.door is Door.APP:
                who._take(event, event)
            for fact in decisions.get(event.key, ()):
                who._take(fact, event)
        undone = {about(event) for event in revisions if undoes_import(event)}
        who.disputes = [each for each in who.disputes if tuple(each[3]) not in undone]
        who.links = {subject_of(identifier): person for identifier, (person, _) in who.identity.links.items()}
        return who

    def _join(self, said: list[Event]) -> None:
        """Take note of which companies people joined and took apart."""
        self.joins = sorted(said, key=lambda event: event.order)
        for event in self.joins:
            companies = int(event.props["survivor"]), int(event.props["absorbed"])
            if event.kind == COMPANIES_MERGED:
                self.companies.merge(*companies)
            else:
                self.companies.unmerge(*companies)

    def _take(self, fact: Event, cause: Event) -> None:
        """Take note of what a fact says of identity and of what the tables keep of it."""
        props, root = fact.props, self.identity.root
        match fact.kind:
            case "people_merged" if root(int(props["survivor"])) != root(int(props["absorbed"])):
                people = root(int(props["absorbed"])), root(int(props["survivor"]))
                evidence = props.get("evidence", "by_hand")
                self.merges.append([*people, evidence, list(cause.key), cause.at, None, []])
            case "people_parted":
                self.merges = [each for each in self.merges if each[0] != int(props["absorbed"]) or each[5] is not None]
            case "people_unmerged" if root(int(props["absorbed"])) == root(int(props["survivor"])):
                for merge in self.merges:
                    if merge[0] == int(props["absorbed"]) and merge[5] is None:
                        merge[5:] = [cause.at, list(cause.key)]
            case "identity_disputed":
                told = props["claimed_by"], props["evidence"], list(cause.key), cause.at, None
                self.disputes.append([props["person"], props["identifier"][:400], *told])
            case "identity_linked" if fact.door is Door.APP:
                for dispute in self.disputes:
                    if dispute[1] == props["identifier"][:400] and dispute[-1] is None:
                        dispute[-1] = fact.at
                if again := reopened_by(fact):
                    told = again.claimed_by, again.evidence, list(fact.key), fact.at, None
                    self.disputes.append([again.person, again.identifier[:400], *told])
        self.identity.see(fact)

    def _forget(self, person: int) -> None:
        """Somebody was erased: what they had to do with others is gone."""
        self.merges = [each for each in self.merges if person not in each[:2]]
        self.disputes = [each for each in self.disputes if person not in (each[0], each[2])]

    def person_of(self, subject: int) -> int:
        """Return the surviving person of a subject."""
        return self.identity.root(self.links.get(subject, subject))

    def moved(self) -> dict[int, int]:
        """Return the surviving person of every subject that is not its own."""
        subjects = self.links.keys() | self.identity.merged.keys()
        return {each: person for each in subjects if (person := self.person_of(each)) != each}
