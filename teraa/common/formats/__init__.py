"""How dates are written where Django's own choice would be read wrongly."""
