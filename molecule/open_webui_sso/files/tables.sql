CREATE ROLE webui LOGIN PASSWORD '{{ passwords.database }}';
CREATE DATABASE webui OWNER webui;
\c webui
CREATE EXTENSION vector;
