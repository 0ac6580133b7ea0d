"""Keeping an install well: doctor, backup and restore, the ledger, the System page, failed events and their replay."""
