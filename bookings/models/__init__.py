"""What is let, at which price, who booked it, and who waits for it."""

from bookings.models.offers import MAX_NOTICE, STEPS, CancellationStep, Offer, OfferHours
from bookings.models.prices import DiscountCode, PricePeak
from bookings.models.rules import BookingLimit, SpecialDays
from bookings.models.stays import Booking
from bookings.models.waiting import WaitingEntry

__all__ = [
    "MAX_NOTICE",
    "STEPS",
    "Booking",
    "BookingLimit",
    "CancellationStep",
    "DiscountCode",
    "Offer",
    "OfferHours",
    "PricePeak",
    "SpecialDays",
    "WaitingEntry",
]
