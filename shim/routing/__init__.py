"""Which way a call goes, and the drivers that walk a translation along it."""
