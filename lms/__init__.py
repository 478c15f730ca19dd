"""The platform: people, programmes, enrolment, hours, grades, certificates."""
