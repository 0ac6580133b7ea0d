"""The addresses of people."""

from django.urls import path

from embudo.leads.views import acts, attributes, commands, companies, exports, files, identity, people, person, saved

app_name = "leads"
urlpatterns = [
    path("people/", people.people_list, name="people"),
    path("people/count/", people.people_count, name="people_count"),
    path("people/filters/", people.people_filters, name="people_filters"),
    path("people/filters/attributes/", people.attribute_filters, name="attribute_filters"),
    path("people/columns/", people.people_columns, name="people_columns"),
    path("people/views/", saved.add, name="views"),
    path("people/views/<int:view>/", saved.change, name="view"),
    path("people/views/<int:view>/removal/", saved.removal, name="view_removal"),
    path("people/export/", exports.export, name="export"),
    path("people/exports/<int:job>/", exports.fetch, name="exported"),
    path("people/acts/", acts.act, name="act"),
    path("people/acts/<uuid:fact>/undo/", acts.undo, name="act_undo"),
    path("people/acts/work/<int:job>/undo/", acts.undo_work, name="act_undo_work"),
    path("companies/", companies.company_list, name="companies"),
    path("companies/<int:company>/", companies.page, name="company"),
    path("companies/<int:company>/owner/", companies.owner, name="company_owner"),
    path("people/<int:person>/", person.page, name="person"),
    path("people/<int:person>/recent/", people.recent, name="recent"),
    path("people/<int:person>/timeline/", person.timeline, name="timeline"),
    path("people/<int:person>/why/", person.why_page, name="why"),
    path("people/<int:person>/stage/", commands.stage, name="stage"),
    path("people/<int:person>/owner/", commands.owner, name="owner"),
    path("people/<int:person>/tags/", commands.tag, name="tag"),
    path("people/<int:person>/files/", files.attach, name="files"),
    path("people/<int:person>/files/<int:file>/", files.fetch, name="file"),
    path("people/<int:person>/files/<int:file>/removal/", files.removal, name="file_removal"),
    path("people/<int:person>/notes/", commands.note, name="note"),
    path("people/<int:person>/facts/<str:fact>/withdrawal/", commands.withdrawal, name="withdrawal"),
    path("people/<int:person>/handoff/", commands.handoff, name="handoff"),
    path("people/<int:person>/opportunities/", commands.opportunity, name="opportunity"),
    path("people/<int:person>/attributes/", attributes.add, name="attributes"),
    path("people/<int:person>/everybody/<path:name>/", attributes.everybody, name="everybody"),
    path("people/<int:person>/attributes/<path:name>/", attributes.attribute, name="attribute"),
    path("people/<int:person>/merge/", identity.merge, name="merge"),
    path("people/<int:person>/merge/<int:other>/", identity.join, name="join"),
    path("people/<int:person>/unmerge/<int:absorbed>/", identity.unmerge, name="unmerge"),
    path("people/<int:person>/disputes/<int:dispute>/", identity.settle, name="settle"),
]
