"""Doors of the till."""

from django.urls import path

from pos import api, closings_api, collecting_api, refunding_api, views

urlpatterns = [
    path("till/", views.till, name="till"),
    path("api/pos/catalogue/", api.CatalogueView.as_view()),
    path("api/pos/quote/", api.QuoteView.as_view()),
    path("api/pos/sales/", api.SalesView.as_view()),
    path("api/pos/sales/kept/", api.KeptView.as_view()),
    path("api/pos/sales/<uuid:key>/", api.SaleView.as_view()),
    path("api/pos/sales/<uuid:key>/tenders/", api.TendersView.as_view()),
    path("api/pos/sales/<uuid:key>/requests/cancel/", api.GiveUpRequestView.as_view()),
    path("api/pos/sales/<uuid:key>/cancel/", api.CancelView.as_view()),
    path("api/pos/sales/<uuid:key>/print/", api.PrintView.as_view()),
    path("api/pos/sales/<uuid:key>/bills/", api.BillsView.as_view()),
    path("api/pos/sales/<uuid:key>/refunds/", refunding_api.RefundsView.as_view()),
    path(
        "api/pos/sales/<uuid:key>/refunds/<uuid:refund>/print/",
        refunding_api.PrintRefundView.as_view(),
    ),
    path("api/pos/dues/", collecting_api.DuesView.as_view()),
    path("api/pos/collections/", collecting_api.CollectionsView.as_view()),
    path("api/pos/collections/<uuid:key>/", collecting_api.CollectionView.as_view()),
    path(
        "api/pos/collections/<uuid:key>/requests/cancel/",
        collecting_api.GiveUpCollectionView.as_view(),
    ),
    path("api/pos/collections/<uuid:key>/print/", collecting_api.PrintCollectionView.as_view()),
    path("api/pos/payouts/", collecting_api.PayoutsView.as_view()),
    path("api/pos/payouts/<uuid:key>/", collecting_api.PayoutView.as_view()),
    path("api/pos/payouts/<uuid:key>/print/", collecting_api.PrintPayoutView.as_view()),
    path("api/pos/training/", api.TrainingView.as_view()),
    path("api/pos/x-reading/", api.XReadingView.as_view()),
    path("api/pos/x-reading/print/", api.XPrintView.as_view()),
    path("api/pos/closings/", closings_api.ClosingsView.as_view()),
    path("api/pos/closings/<uuid:key>/print/", closings_api.PrintClosingView.as_view()),
]
