"""Demand: from a household to its move-on; matching, holds, referrals, licences, reminders."""
