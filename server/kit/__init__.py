"""What every domain stands on; no word of CRM in here."""
