"""The doors of this room: the customer's page, and what tills and programs ask."""

from django.urls import path

from teraa.settlement.cases import api
from teraa.settlement.cases.views import refund_claim

urlpatterns = [
    path("refund/<str:token>/", refund_claim, name="refund_claim"),
    path("api/settlement/cases/", api.CasesView.as_view()),
    path("api/settlement/cases/<uuid:key>/", api.CaseView.as_view()),
    path("api/settlement/cases/<uuid:key>/decisions/", api.CaseDecisionsView.as_view()),
    path("api/settlement/requests/<uuid:key>/settle/", api.SettleView.as_view()),
    path("api/settlement/refunds/", api.RefundsView.as_view()),
    path("api/settlement/refunds/<uuid:key>/", api.RefundView.as_view()),
    path("api/settlement/refunds/<uuid:key>/decisions/", api.RefundDecisionsView.as_view()),
]
