"""Doors of the bookings: public pages of a venue, and their API."""

from django.urls import path

from bookings import api, desk_api, views, waiting_views

# Once at the root, for the house's first venue, and once under lieu/<slug>/.
public_patterns = [
    path("book/", views.book, name="book"),
    path("book/month/", views.month, name="book_month"),
    path("book/<uuid:offer>/", views.offer, name="book_offer"),
    path("book/<uuid:offer>/wait/", waiting_views.wait, name="book_wait"),
    path("book/w/<str:secret>/", waiting_views.waiting, name="waiting"),
    path("book/w/<str:secret>/give-up/", waiting_views.give_up, name="waiting_give_up"),
    path("book/b/<str:secret>/", views.booking, name="booking"),
    path("book/b/<str:secret>/cancel/", views.cancel, name="booking_cancel"),
    path("book/b/<str:secret>/move/", views.move, name="booking_move"),
    path("book/b/<str:secret>/calendar.ics", views.calendar, name="booking_calendar"),
]

urlpatterns = [
    path("api/bookings-desk/arrivals/", desk_api.ArrivalsView.as_view()),
    path("api/bookings-desk/stays/<uuid:key>/attendance/", desk_api.AttendanceView.as_view()),
    path("api/bookings/<slug:slug>/search/", api.SearchView.as_view()),
    path("api/bookings/<slug:slug>/month/", api.MonthView.as_view()),
    path("api/bookings/<slug:slug>/quote/", api.QuoteView.as_view()),
    path("api/bookings/<slug:slug>/holds/", api.HoldsView.as_view()),
    path("api/bookings/<slug:slug>/waiting/", api.WaitingListView.as_view()),
    path("api/bookings/<slug:slug>/waiting/<str:secret>/", api.WaitingView.as_view()),
    path("api/bookings/<slug:slug>/waiting/<str:secret>/give-up/", api.GiveUpView.as_view()),
    path("api/bookings/<slug:slug>/bookings/<str:secret>/", api.BookingView.as_view()),
    path("api/bookings/<slug:slug>/bookings/<str:secret>/cancel/", api.CancelView.as_view()),
    path("api/bookings/<slug:slug>/bookings/<str:secret>/move/", api.MoveView.as_view()),
]
