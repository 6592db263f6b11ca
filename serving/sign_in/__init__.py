"""Sign-in of people by OpenID Connect, in place of a key in the browser."""
