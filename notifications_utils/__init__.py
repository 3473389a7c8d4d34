"""Rules shared by the API and the admin: templates, messages, recipients. No framework, no database."""
