"""Answers beyond one merged model: predictions mixed, features aligned."""
