"""Who may enter the web app: links, the sessions that they open, and what these allow.

grants        `Grant`: rights to a dataset, until when
invitations   signed links, and signed sessions made of them; nothing of either is stored
identity_tokens  people who sign in by their company's provider, and what their groups may see
app_links     addresses that open the app with an invitation
links         what is stored of links: those made by hand, and those that were revoked
visitors      who asks, by cookie or token; requests of foreign pages are refused
"""

from workshop.admission.grants import ALL_DATASETS, Grant, Right
from workshop.admission.visitors import Door, Visitor

__all__ = ["ALL_DATASETS", "Door", "Grant", "Right", "Visitor"]
