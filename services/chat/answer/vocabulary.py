"""Which words of a question say what it is about, and which words mean the same in a helpdesk."""

from collections.abc import Collection

from services.chat.answer.words import content_words

_SHORTEST_STEM_OF_A_NAME = 5

# Words that go with any question: what people do, when, how much, who else and where they were.
_EVERYDAY = frozenset(
    content_words(
        """
        able accept accidentally actual again ago agree all allow almost along already also
        alway another anymore anyway appear aren around arrive ask away back bad become
        before begin believe belong best better big bigger biggest bit both bring broken
        build busy call careful carry case catch cause certain chance change cheaper check
        choose clear close collect come common complete confirm consider correct couldn
        course create cut day deal decide depend didn different difficult doesn down drop
        during each earlier earliest early easy either else empty end enough enter even
        evening ever every everybody everyone everything everywhere exact except exist
        expect explain extra fact fail fall false far fast faster feel few fewer fill final
        find fine finish first fit fix follow forever forget form free full general good
        great greater ground grow guess half hand happen hard hasn hate haven hear help here
        high higher hold home hope hot hour idea important include incorrect inside instead
        isn keep kind know large larger largest last late later latest lead learn least
        leave left less let level light limit listen little live long longer longest look
        lot love low lower main make many matter mean meet middle mind minute miss moment
        month more morning most mostly move much myself name near nearest nearly necessary
        needed needs never new newer newest next nice night none noon normal nothing notice
        number offer often ok okay old older oldest open order ordinary other otherwise
        ourselves outside over own part particular pass past pay people per perhaps permit
        person pick piece place plan play please point possible prefer present pretend
        probably problem prove put question quick quiet quite rather reach react read ready
        real reason receive remain remember right room round rule run safe same says second
        see seem separate set several shall short shorter shouldn show side simple since sit
        size slower small smaller soon sooner sort sound speak specific stand start state
        stay step still stop straight strange stuff sudden suppose sure takes taking teach
        terrible test thank think though through throughout time tiny together too took top
        total toward town true try turn type under understand until up useful usual various
        wait walk wanted wanting wants wasn watch way week weekend well weren whether whole
        why wide wish within without wonder word work world worry worse worst wouldn wrong
        year yourself
        ate began begun bent bought brought broke built came caught chose chosen dealt done
        drew drawn drove eaten fallen fell felt flew found forgot forgotten fought gave
        given gone grew heard held hid kept knew known led lent lost made meant met paid ran
        said sat saw seen sent shown shut slept sold spent spoke spoken stood taken taught
        thought threw thrown told took went woke won wore written wrote
        monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight
        yesterday spring summer autumn winter january february march april june july august
        september october november december lunch break
        two three four five six seven eight nine ten once twice dozen hundred
        wife husband son daughter mother father child family friend neighbour neighbor man
        woman boy girl guy lady kitchen table house hotel bar taxi car truck bus train plane
        airport street bag pocket corner hallway
        """
    )
)
# One line, one meaning. The encoder knows many of these too, but says of no word that it is met.
_SAME = (
    "computer laptop pc notebook mac macbook machine device desktop",
    "phone mobile cell smartphone handset iphone android telephone",
    "password passphrase pin passcode code",
    "login logon log sign username account user",
    "mail email message messaging mailbox inbox outlook chat",
    "wifi wi-fi wireless network internet online",
    "document file spreadsheet text folder page",
    "program application app software tool licence license",
    "picture photo image screenshot",
    "delete erase wipe remove throw threw thrown",
    "change update rename replace replacement correct edit new successor transfer",
    "fix repair mend",
    "lock block unlock unblock",
    "ask request apply demand form permission approve approval consent",
    "send sent share transfer forward",
    "stop fail break broken freeze frozen hang hung crash problem fault trouble damage crack stuck",
    "lost missing gone steal stolen theft thief loss",
    "buy bought order cost price pay paid fee charge dollar euro",
    "visitor guest customer",
    "boss manager supervisor lead",
    "employee colleague staff hire newcomer coworker crew",
    "leave left quit departure leaver employer",
    "suspicious phishing fake fraud scam hacked virus malicious ransom",
    "install setup enrol enroll register",
    "restart reboot boot",
    "show display screen monitor",
    "vpn tunnel gateway",
    "abroad travel trip holiday country",
    "idle inactive inactivity activity input",
    "card badge",
    "coolant liquid fluid coffee water spill disinfectant",
    "loan loaner borrow lend",
    "admin administrator",
    "space quota storage gb",
    "colour color",
    "telephone call contact reach",
)


def _meanings() -> dict[str, frozenset[str]]:
    meanings: dict[str, frozenset[str]] = {}
    for line in _SAME:
        same = frozenset(content_words(line))
        for word in same:
            meanings[word] = meanings.get(word, frozenset()) | same
    return meanings


_SAME_AS = _meanings()


def specific_words(question: str) -> set[str]:
    """What the question is about; every telling word when nothing specific is asked."""
    telling = set(content_words(question))
    return telling - _EVERYDAY or telling


def is_said(word: str, said: Collection[str]) -> bool:
    """Whether a text with these words says the word, or another one for the same thing."""
    if not _SAME_AS.get(word, frozenset()).isdisjoint(said):
        return True
    return any(
        other.startswith(word)
        or (len(other) >= _SHORTEST_STEM_OF_A_NAME and word.startswith(other))
        for other in said
    )
