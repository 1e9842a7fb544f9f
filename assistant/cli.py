"""The command `assistant`. Nothing but JSON on standard output in the JSON modes; progress and errors on standard error."""
from assistant.settings import Settings
from assistant.knowledge import load_library
from assistant.errors import KnowledgeError
def main():
    try:
        lib = load_library(Settings.from_environment().knowledge)
        print(f"{len(lib.cards)} cards, no slips")
    except KnowledgeError as e:
        print("\n".join(e.slips)); raise SystemExit(1)
