"""Doors of the drawer."""

from django.urls import path

from pos.drawer import api

urlpatterns = [
    path("api/pos/drawer/", api.ReadDrawerView.as_view()),
    path("api/pos/drawer/begin/", api.BeginView.as_view()),
    path("api/pos/drawer/count/", api.CountView.as_view()),
    path("api/pos/drawer/count/give-up/", api.GiveUpCountView.as_view()),
    path("api/pos/drawer/close/", api.CloseView.as_view()),
    path("api/pos/drawer/cash/", api.MoveView.as_view()),
    path("api/pos/drawer/open/", api.OpenView.as_view()),
]
