"""Doors below /demo/."""

from django.urls import path

from teraa.demo import views

urlpatterns = [
    path("", views.page, name="demo"),
    path("state.json", views.state, name="demo_state"),
    path("pay/", views.pay, name="demo_pay"),
    path("paper/<str:name>", views.paper, name="demo_paper"),
]
