"""Which words of a question say what it is about, and which words mean the same in a helpdesk."""

from collections.abc import Collection

from services.chat.answer.words import content_words

_SHORTEST_STEM_OF_A_NAME = 5

# Words that go with any question: what people do, when, how much, who else and where they were.
_EVERYDAY = frozenset(
    content_words(
        """
        able accept all along accidentally actual again ago agree allow almost already also
        alway another anymore anyway appear around arrive ask away back bad become before
        begin believe belong best better big bigger biggest bit both bring broken build busy
        call careful carry case catch cause certain chance change check choose clear close
        collect come common complete confirm consider correct course create cut day deal
        decide depend different difficult down drop during each early easy either else empty
        end enough enter even evening ever every everybody everyone everything everywhere
        exact except exist expect explain extra fact fail fall false far fast feel few fill
        final find fine finish first fit fix follow forever forget form free full general
        good great ground grow guess half hand happen hard hate hear help here high hold
        home hope hot hour idea important include incorrect inside instead keep kind know
        large last late later lead learn least leave left less let level light limit listen
        little live long look lot love low main make many matter mean meet middle mind
        minute miss moment month more morning most mostly move much name near nearly
        necessary never new next nice night none noon normal nothing notice number offer
        often ok okay old open order ordinary other otherwise outside over own part
        particular pass past pay people per perhaps permit person pick piece place plan play
        please point possible prefer present pretend probably problem prove put question
        quick quiet quite rather reach react read ready real reason receive remain remember
        right room round rule run safe same second see seem separate set several shall short
        show side simple since sit size small soon sort sound speak specific stand start
        state stay step still stop straight strange stuff sudden suppose sure teach terrible
        test thank think though through throughout time tiny together too top total toward
        town true try turn type under understand until up useful usual various wait walk
        watch way week weekend well whether whole why wide wish within without wonder word
        work world worry worse worst wrong year aren couldn didn doesn hasn haven isn
        shouldn wasn weren wouldn myself yourself ourselves larger largest longer longest
        needs needed says takes taking took wanting wants wanted
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
    "delete erase remove throw threw thrown lose empty",
    "change update rename replace replacement correct edit new successor transfer",
    "fix repair mend",
    "lock block",
    "ask request apply demand form permission approve approval consent",
    "send share transfer forward",
    "stop fail break broken freeze frozen hang hung crash problem fault trouble damage crack stuck",
    "lost missing gone steal stolen theft thief loss",
    "buy order cost price pay fee charge dollar euro",
    "visitor guest customer",
    "boss manager supervisor lead",
    "employee colleague staff hire newcomer coworker crew",
    "leave quit departure leaver employer",
    "suspicious phishing fake fraud scam hacked virus malicious ransom",
    "install setup enrol enroll register",
    "restart reboot boot",
    "show display screen monitor",
    "vpn tunnel gateway",
    "abroad travel trip holiday vacation country road",
    "idle inactive activity input traffic touch",
    "card badge",
    "coolant liquid fluid coffee water spill disinfectant",
    "loan loaner borrow lend",
    "admin administrator",
    "space quota storage gb",
    "hour minute day week month year long",
    "erase wipe",
    "colour color",
    "deadline late early ahead advance",
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
