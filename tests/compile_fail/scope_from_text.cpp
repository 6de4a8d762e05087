// expect: valetkey::upload_scope
#include <valetkey/upload_scope.hpp>
valetkey::upload_scope made_of_anything{"test/*"};
