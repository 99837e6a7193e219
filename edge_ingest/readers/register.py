"""The register of sources: a line each. It says what a source needs, and imports none of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_ingest.inputs import LARGEST_RECORDING, LARGEST_VIDEO, VIDEO_HEAD
from edge_ingest.manifest import Kind


@dataclass(frozen=True)
class Source:
    """One line of the register.

    Attributes:
        module: imported when the source is read, not before; `module:name` where one module holds
            the readers of several sources.
        parts: what each of its files is, by name.
        accepts: fields of `Told` that the reader heeds, beyond `site` and `device_id`.
        head: how a file of each part begins, as a regular expression searched in its first 4 KiB
            (as latin-1); a part without one is known only by its name in a sidecar.
        optional: parts that may be left out.
        largest: no file of it is larger, B.
        beside: names of files that the reader finds beside its part, as a regular expression.
        shares: parts that are the same file as that part of another source.
        many: parts that may be several files of one folder, which is given instead of a file.
    """

    module: str
    kind: Kind
    description: str
    parts: Mapping[str, str]
    accepts: tuple[str, ...] = ()
    head: Mapping[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    largest: int = LARGEST_RECORDING
    beside: str = ""
    shares: Mapping[str, str] = field(default_factory=dict)
    many: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """Parts without which there is no recording."""
        return tuple(part for part in self.parts if part not in self.optional)


#: Above these kloppy would need more memory than an edge node has, B.
_LARGEST_TRACKING_BY_KLOPPY = 512 * 1024**2
_LARGEST_EVENTS_BY_KLOPPY = 64 * 1024**2


def _tracking_by_kloppy(
    name: str,
    description: str,
    parts: Mapping[str, str],
    head: Mapping[str, str],
    optional: tuple[str, ...] = (),
) -> Source:
    return Source(
        f"edge_ingest.readers.kloppy_tracking:{name}", "tracking", description, parts,
        accepts=("started_at_utc",), head=head, optional=optional,
        largest=_LARGEST_TRACKING_BY_KLOPPY,
    )  # fmt: skip


def _events_by_kloppy(
    name: str,
    description: str,
    parts: Mapping[str, str],
    head: Mapping[str, str],
    *,
    optional: tuple[str, ...] = (),
    shares: Mapping[str, str] | None = None,
) -> Source:
    return Source(
        f"edge_ingest.readers.kloppy_events:{name}", "events", description, parts,
        accepts=("started_at_utc",), head=head, optional=optional, shares=shares or {},
        largest=_LARGEST_EVENTS_BY_KLOPPY,
    )  # fmt: skip


READERS: dict[str, Source] = {
    "skillcorner": Source(
        "edge_ingest.readers.skillcorner",
        "tracking",
        "broadcast tracking at 10 Hz",
        {"match": "match data, JSON", "tracking": "structured data, JSON or JSON lines"},
        accepts=("started_at_utc",),
        head={
            "match": r'"home_team"\s*:\s*\{[^{}]*"acronym"\s*:',
            "tracking": r'"possession"\s*:\s*\{[^{}]*"group"\s*:',
        },
    ),
    "sportec": Source(
        "edge_ingest.readers.sportec",
        "tracking",
        "optical tracking of DFL / Sportec Solutions at 25 Hz",
        {"match": "match information, XML", "tracking": "positions, XML"},
        head={"match": r"<MatchInformation\b", "tracking": r"<Positions\b"},
    ),
    "tracab": Source(
        "edge_ingest.readers.tracab",
        "tracking",
        "optical tracking of TRACAB",
        {"match": "metadata, XML or JSON", "tracking": "frames, dat or JSON"},
        accepts=("started_at_utc", "clock_timezone"),
        head={
            "match": r'<(Tracab|Opta)MetaData\b|<root>\s*<GameID>|"Phase1StartFrame"\s*:',
            "tracking": r'"FrameData"\s*:|^\s*\d+:(-?\d+,-?\d+,-?\d+,(-?[\d.]+,){2}[\d.]+;)+',
        },
    ),
    "metrica": Source(
        "edge_ingest.readers.metrica",
        "tracking",
        "tracking of Metrica Sports at 25 Hz",
        {"home": "home side, CSV", "away": "away side, CSV"},
        accepts=("started_at_utc",),
        head={
            "home": r"^\s*,,,Home,[^\n]*\n[^\n]*\nPeriod,Frame,",
            "away": r"^\s*,,,Away,[^\n]*\n[^\n]*\nPeriod,Frame,",
        },
    ),
    "metrica_epts": _tracking_by_kloppy(
        "metrica_epts",
        "tracking in FIFA's EPTS format, as Metrica Sports writes it",
        {"match": "metadata, XML", "tracking": "positions, text"},
        {"match": r"FIFADataTransferFormatEPTS", "tracking": r"^\d+:[^:;,]*(,[^:;,]*){3};"},
    ),
    "second_spectrum": _tracking_by_kloppy(
        "second_spectrum",
        "optical tracking of Second Spectrum",
        {"match": "metadata, XML", "tracking": "frames, JSON lines", "details": "squads, JSON"},
        {
            "match": r"<MetaData\b[^>]*>\s*<match\b",
            "tracking": r'"frameIdx"\s*:',
            "details": r'"startFrameClock"\s*:',
        },
        optional=("details",),
    ),
    "signality": _tracking_by_kloppy(
        "signality",
        "optical tracking of Signality at 25 Hz",
        {
            "match": "match, JSON",
            "venue": "venue, JSON",
            "tracking": "first half, JSON",
            "tracking_2": "second half, JSON",
        },
        {
            "match": r'"team_home_lineup"\s*:',
            "venue": r'"reference_landmarks"\s*:',
            "tracking": r'"utc_time"\s*:[^{}]*"phase"\s*:\s*1\b',
            "tracking_2": r'"utc_time"\s*:[^{}]*"phase"\s*:\s*2\b',
        },
        optional=("tracking_2",),
    ),
    "statsperform": _tracking_by_kloppy(
        "statsperform",
        "optical tracking of Stats Perform at 10 Hz",
        {"match": "MA1, XML or JSON", "tracking": "MA25, text"},
        # MA1 and MA3 as JSON begin alike.
        {"match": r"<match>\s*<matchInfo\b", "tracking": r"^\d{13};\d+,\d,\d:"},
    ),
    "hawkeye": Source(
        "edge_ingest.readers.hawkeye",
        "tracking",
        "optical tracking of Hawk-Eye at 50 Hz",
        {
            "ball": "samples of the ball: a minute, or the folder of a match",
            "tracking": "samples of centroids: a minute, or the folder of a match",
            "match": "match, XML or JSON",
        },
        accepts=("started_at_utc",),
        head={
            "ball": r'"details"\s*:\s*\{\s*"competition"[\s\S]*"heId"\s*:',
            "tracking": r'"details"\s*:\s*\{\s*"players"[\s\S]*"heId"\s*:',
            "match": r'"KickOffTime"\s*:\s*\{\s*"DateTime"|<Match>[\s\S]*<kickOffTime>',
        },
        optional=("match",),
        many=("ball", "tracking"),
        largest=256 * 1024**2,
    ),
    "pff": _tracking_by_kloppy(
        "pff",
        "broadcast tracking of PFF",
        {"match": "metadata, JSON", "players": "rosters, JSON", "tracking": "frames, JSON lines"},
        {
            "match": r'"homeTeamStartLeft"\s*:',
            "players": r'"positionGroupType"\s*:',
            "tracking": r'"gameRefId"\s*:',
        },
    ),
    "wyscout": Source(
        "edge_ingest.readers.wyscout",
        "events",
        "football events, version 2 or 3",
        {"events": "events with teams and players, JSON"},
        accepts=("started_at_utc", "home_team_id"),
        head={"events": r'"matchPeriod"\s*:'},
    ),
    "statsbomb": _events_by_kloppy(
        "statsbomb",
        "football events of StatsBomb",
        {"match": "line-ups, JSON", "events": "events, JSON"},
        {
            "match": r'"lineup"\s*:\s*\[\s*\{\s*"player_id"\s*:',
            "events": r'"possession_team"\s*:',
        },
    ),
    "opta": _events_by_kloppy(
        "opta",
        "football events of Opta",
        {"match": "F7, XML", "events": "F24 or F73, XML"},
        {"match": r"<SoccerFeed\b", "events": r"<Games\b[\s\S]*\bqualifier_id="},
    ),
    "statsperform_events": _events_by_kloppy(
        "statsperform",
        "football events of Stats Perform",
        {"match": "MA1, XML or JSON", "events": "MA3, XML or JSON"},
        {"events": r"<matchEvents\b"},
        shares={"match": "statsperform"},
    ),
    "sportec_events": _events_by_kloppy(
        "sportec",
        "football events of DFL / Sportec Solutions",
        {"match": "match information, XML", "events": "events, XML"},
        {"events": r"<Event\b[^>]*\bEventId="},
        shares={"match": "sportec"},
    ),
    "datafactory": _events_by_kloppy(
        "datafactory",
        "football events of DataFactory",
        {"events": "events, JSON"},
        {"events": r'"match"\s*:\s*\{[^{}]*"stadiumGMT"\s*:'},
    ),
    "metrica_events": _events_by_kloppy(
        "metrica",
        "football events of Metrica Sports",
        {"match": "EPTS metadata, XML", "events": "events, JSON"},
        {"events": r'"start"\s*:\s*\{\s*"frame"\s*:'},
        shares={"match": "metrica_epts"},
    ),
    "impect": _events_by_kloppy(
        "impect",
        "football events of Impect",
        {
            "match": "line-ups, JSON",
            "events": "events, JSON",
            "squads": "squads, JSON",
            "players": "players, JSON",
        },
        {
            "match": r'"squadHome"\s*:',
            "events": r'"actionType"\s*:',
            "squads": r'"countryId"\s*:[^{}]*"access"\s*:',
            "players": r'"commonname"\s*:',
        },
        optional=("squads", "players"),
    ),
    "fit": Source(
        "edge_ingest.readers.fit",
        "wearable",
        "watches and bike computers (Garmin, Wahoo, Zwift, …)",
        {"activity": "activity, FIT"},
        accepts=("athlete_id", "started_at_utc"),
        head={"activity": r"(?s)^[\x0c\x0e].{7}\.FIT"},
        largest=32 * 1024**2,  # a week at a record a second
    ),
    "gpx": Source(
        "edge_ingest.readers.gpx",
        "wearable",
        "tracks of watches, bike computers and phones",
        {"activity": "track, GPX"},
        accepts=("athlete_id", "started_at_utc"),
        head={"activity": r"<(\w+:)?gpx[\s>]"},
        largest=256 * 1024**2,
    ),
    "tcx": Source(
        "edge_ingest.readers.tcx",
        "wearable",
        "activities with laps (Garmin, Polar, Strava, …)",
        {"activity": "activity, TCX"},
        accepts=("athlete_id", "started_at_utc"),
        head={"activity": r"<(\w+:)?TrainingCenterDatabase[\s>]"},
        largest=256 * 1024**2,
    ),
    "catapult": Source(
        "edge_ingest.readers.catapult",
        "wearable",
        "GNSS vests at 10 Hz, one athlete a file",
        {"positions": "time, latitude and longitude, CSV", "pitch": "its four corners, CSV"},
        accepts=("athlete_id", "started_at_utc", "clock_timezone"),
        head={
            "positions": r"(?im)^(?!#)[^\n]*\btimestamp\b[^\n]*\b(longitude|latitude)\b",
            "pitch": r"(?i)^\W*(longitude\W+latitude|latitude\W+longitude)\W*[\r\n]",
        },
        optional=("pitch",),
        largest=256 * 1024**2,
    ),
    "statsports": Source(
        "edge_ingest.readers.statsports",
        "wearable",
        "GNSS vests at 10 Hz, several athletes a file",
        {"positions": "raw samples, CSV", "pitch": "its four corners, CSV"},
        accepts=("athlete_id", "started_at_utc", "clock_timezone"),
        head={
            "positions": r"(?im)^[^\n]*\bplayer[ _]?(display[ _]?)?(id|name)\b[^\n]*\blat",
            "pitch": r"(?i)^\W*(longitude\W+latitude|latitude\W+longitude)\W*[\r\n]",
        },
        optional=("pitch",),
        largest=1024**3,
    ),
    "rr": Source(
        "edge_ingest.readers.rr",
        "wearable",
        "heart beat intervals of belts (Polar, Elite HRV, …)",
        {"intervals": "intervals in ms or s, text"},
        accepts=("athlete_id", "started_at_utc", "clock_timezone"),
        head={"intervals": r"(?i)^\W*([\w ]+[,;\t]\W*)?(rr|nn|ibi)[\W_]"},
        largest=64 * 1024**2,
    ),
    "tracinginsights": Source(
        "edge_ingest.readers.tracinginsights",
        "wearable",
        "Formula 1 telemetry, one driver a folder",
        {"laptimes": "laptimes.json, with <lap>_tel.json beside it"},
        accepts=("athlete_id", "started_at_utc"),
        head={"laptimes": r"^\s*\{\s*\"time\"\s*:\s*\[[^\]]*\]\s*,\s*\"lap\"\s*:\s*\["},
        largest=64 * 1024**2,
        beside=r"\d{1,4}_tel\.json",
    ),
    "wellness": Source(
        "edge_ingest.readers.wellness",
        "wellness",
        "questionnaires and daily load, by a column mapping",
        {"table": "athletes' days, CSV", "mapping": "column mapping, TOML"},
        # Of the sources that need no mapping of their own.
        head={"table": r"^.{0,3}date,player_id,team,daily_load,"},
        optional=("mapping",),
        largest=64 * 1024**2,
    ),
    "injuries": Source(
        "edge_ingest.readers.injuries",
        "injuries",
        "injuries, by a column mapping",
        {"table": "injuries, or days with them, CSV", "mapping": "column mapping, TOML"},
        head={"table": r'^.{0,3}"?Data\.Split"?,"?Season"?,.{0,80}Injury\.Location'},
        optional=("mapping",),
        largest=64 * 1024**2,
    ),
    "fixtures": Source(
        "edge_ingest.readers.fixtures",
        "fixtures",
        "matches that are planned, by a column mapping",
        {"table": "fixtures, CSV", "mapping": "column mapping, TOML"},
        optional=("mapping",),
        largest=64 * 1024**2,
    ),
    "video": Source(
        "edge_ingest.readers.video",
        "footage",
        "video of a camera (MP4, QuickTime, Matroska, MPEG-TS, AVI)",
        {
            "video": "the video, as the camera wrote it",
            "calibration": "where known places of the field are in its picture, JSON",
        },
        accepts=("started_at_utc", "sport"),
        head={"video": VIDEO_HEAD},
        optional=("calibration",),
        largest=LARGEST_VIDEO,
    ),
}
