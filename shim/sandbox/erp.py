"""The deprecated calls for ERP objects: the object API's bodies, at addresses of their own.

They work on the same generic records. Three share one printed address, and their verbs are lost in
the vendor's pages: POST creates, PUT updates, DELETE deletes (grade C). The addresses of ``get``
and ``recover`` are printed nowhere (U).
"""

from __future__ import annotations

from shim.sandbox import changes, lifecycle, objects
from shim.sandbox.lifecycle import NO_OP, made
from shim.sandbox.object_calls import ERP, named
from shim.sandbox.routes import ROUTES

ROUTES.add(ERP, concerns=made, faults=NO_OP)(lifecycle.create)
ROUTES.add(ERP, method="PUT", concerns=named, faults=changes.WRITTEN)(changes.update)
ROUTES.add(ERP, method="DELETE", concerns=named, faults=NO_OP)(lifecycle.delete)
ROUTES.add(f"{ERP}/list", concerns=objects.listed, faults=objects.LISTED)(objects.query)
ROUTES.add(f"{ERP}/get", concerns=named, faults=objects.SHOWN)(objects.get)
ROUTES.add(f"{ERP}/invalid", concerns=named, faults=NO_OP)(lifecycle.invalidate)
ROUTES.add(f"{ERP}/recover", concerns=named, faults=NO_OP)(lifecycle.recover)
ROUTES.add(f"{ERP}/changeOwner", concerns=named, faults=NO_OP)(lifecycle.change_owner)
