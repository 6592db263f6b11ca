"""Adapters: each turns one router's own message into a Contact, and a Decision into its answer."""
