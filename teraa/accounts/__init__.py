"""People with an e-mail address: the user, sign-in, and mail that is stored before it is sent."""
