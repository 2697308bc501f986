"""Doors of the baskets."""

from django.urls import path

from pos.amap import api, views

# Relative to a venue: the house's first one, or the one named in the address.
public_patterns = [path("amap/", views.amap, name="amap")]

urlpatterns = [
    path("api/amap/distributions/", api.DistributionsView.as_view()),
    path("api/amap/distributions/<uuid:key>/baskets/", api.DistributionBasketsView.as_view()),
    path("api/amap/baskets/<uuid:key>/", api.BasketView.as_view()),
    path("api/amap/baskets/<uuid:key>/hand-out/", api.HandOutView.as_view()),
    path("api/amap/baskets/<uuid:key>/absent/", api.AbsentView.as_view()),
    path("api/amap/baskets/<uuid:key>/take-back/", api.TakeBackView.as_view()),
]
