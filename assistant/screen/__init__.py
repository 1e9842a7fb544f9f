"""Lead's stand-in while the screens are being written: whoever owns assistant/screen replaces this file. Never committed."""
from assistant.types import Screening
class Screen:
    @classmethod
    def load(cls, *a): return cls()
    def check(self, text): return Screening('clear', False, True, False, text)
    def reply(self, s, j=None): return s.outcome
    def clean_document(self, text): return text, ()
